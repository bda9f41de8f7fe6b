// SPDX-License-Identifier: Apache-2.0
/*
 * Entries of the evidence log and the chain through them. Rules: spec/log.md, Log.
 *
 * Each entry holds the hash of the one before, so that a later change shows. It does not prove when an entry was written.
 */

import { toHex } from "../bytes/bytes";

export const KINDS = ["seen", "threat", "report", "answer", "note", "correction"] as const;
export type EntryKind = (typeof KINDS)[number];

/** The texts that a person fills in; any may be empty. */
export const TEXT_FIELDS = ["address", "platform", "account", "what", "words", "who_saw", "reference"] as const;
export type TextField = (typeof TEXT_FIELDS)[number];

/** What the log knows of a file: never its name. */
export interface EntryFile {
  readonly sha256: string;
  readonly bytes: number;
  readonly type: string;
  readonly is_kept: boolean;
}

/** What is written, before it has its place in the chain. */
export type Draft = { readonly [Field in TextField]: string } & {
  readonly kind: EntryKind;
  /** Local time as the person says, `2026-05-03T14:05`; empty where not known. */
  readonly seen_at: string;
  readonly files: readonly EntryFile[];
  /** The number of the entry that this one corrects. */
  readonly corrects: number | null;
};

export interface Entry extends Draft {
  readonly number: number;
  /** UTC, `2026-05-03T12:05:00Z`. */
  readonly written_at: string;
  /** The device's time zone then, `Europe/Helsinki`, and what it was from UTC, `+03:00`. */
  readonly zone: string;
  readonly offset: string;
  readonly previous: string;
  readonly hash: string;
}

export const LIMITS = {
  entries: 1_000,
  characters: 10_000,
  filesPerEntry: 20,
  pictureBytes: 20 * 1024 * 1024,
  allBytes: 200 * 1024 * 1024,
} as const;

const FIRST = "0".repeat(64);

export const EMPTY_DRAFT: Draft = {
  kind: "seen",
  seen_at: "",
  address: "",
  platform: "",
  account: "",
  what: "",
  words: "",
  who_saw: "",
  reference: "",
  files: [],
  corrects: null,
};

/** Return the entry that a draft becomes after the others, written now. */
export async function chained(draft: Draft, before: readonly Entry[], now: Date): Promise<Entry> {
  const last = before[before.length - 1];
  const body: Omit<Entry, "hash"> = {
    ...draft,
    number: before.length + 1,
    written_at: now.toISOString().replace(/\.\d+Z$/, "Z"),
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    offset: offsetOf(now),
    previous: last?.hash ?? FIRST,
  };
  return { ...body, hash: await hashOf(body) };
}

/** Return the number of the first entry at which the chain breaks; null where it holds. */
export async function firstBreak(entries: readonly Entry[]): Promise<number | null> {
  let previous = FIRST;
  for (const [place, entry] of entries.entries()) {
    const { hash, ...body } = entry;
    if (entry.number !== place + 1 || entry.previous !== previous || (await hashOf(body)) !== hash) return place + 1;
    previous = hash;
  }
  return null;
}

/** Whether the device's clock is behind the last entry: then one of the two times is wrong. */
export function isClockBehind(entries: readonly Entry[], now: Date): boolean {
  const last = entries[entries.length - 1];
  return last !== undefined && now.getTime() < Date.parse(last.written_at) - 60_000;
}

/** The hash of an entry without its `hash`: SHA-256 of its canonical JSON, hex. */
export async function hashOf(body: object): Promise<string> {
  return sha256Hex(new TextEncoder().encode(canonical(body)));
}

export async function sha256Hex(bytes: BufferSource): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

/** JSON with sorted keys and no spaces, so that the same entry always gives the same bytes. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join(",")}}`;
}

function offsetOf(now: Date): string {
  const minutes = -now.getTimezoneOffset();
  const two = (number: number): string => String(Math.floor(Math.abs(number))).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${two(minutes / 60)}:${two(Math.abs(minutes) % 60)}`;
}
