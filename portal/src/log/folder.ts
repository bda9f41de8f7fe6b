// SPDX-License-Identifier: Apache-2.0
/*
 * What a person's folder holds: the log, the notices, and whether anyone in the pictures was under 18. As text it is what the vault
 * seals; read back strictly, so that a folder that this version does not understand is left alone.
 */

import { readNotice, type Notice } from "../notice/notice";
import { KINDS, TEXT_FIELDS, type Entry, type EntryFile, type EntryKind } from "./entry";

export interface Folder {
  /** Someone in the pictures is, was or may have been under 18: texts and addresses only. */
  readonly is_text_only: boolean;
  readonly entries: readonly Entry[];
  readonly notices: readonly Notice[];
}

const FORMAT = 1;

export class FolderError extends Error {
  /** `newer`: made by a newer version; `damaged`: not a folder. */
  constructor(readonly problem: "newer" | "damaged") {
    super(problem);
  }
}

export function emptyFolder(isTextOnly: boolean): Folder {
  return { is_text_only: isTextOnly, entries: [], notices: [] };
}

/** The folder with this notice in its place, or added. */
export function withNotice(folder: Folder, notice: Notice): Folder {
  const isKnown = folder.notices.some((one) => one.id === notice.id);
  return {
    ...folder,
    notices: isKnown ? folder.notices.map((one) => (one.id === notice.id ? notice : one)) : [...folder.notices, notice],
  };
}

export function folderText(folder: Folder): string {
  return JSON.stringify({ format: FORMAT, ...folder });
}

/** Return the folder of a text; throws FolderError. */
export function readFolder(text: string): Folder {
  const whole = object(parsed(text));
  if (typeof whole["format"] !== "number") throw new FolderError("damaged");
  if (whole["format"] > FORMAT) throw new FolderError("newer");
  const { is_text_only: isTextOnly, entries, notices } = whole;
  if (typeof isTextOnly !== "boolean" || !Array.isArray(entries)) throw new FolderError("damaged");
  return {
    is_text_only: isTextOnly,
    entries: entries.map(readEntry),
    notices: Array.isArray(notices) ? notices.map((one) => readNotice(object(one), damaged)) : [],
  };
}

/** Return an entry exactly as it was; throws FolderError for anything that is not one. */
export function readEntry(value: unknown): Entry {
  const row = object(value);
  const text = (name: string): string => {
    const found = row[name];
    return typeof found === "string" ? found : damaged();
  };
  const number = (name: string): number => {
    const found = row[name];
    return typeof found === "number" ? found : damaged();
  };
  const kind: EntryKind = KINDS.find((one) => one === row["kind"]) ?? damaged();
  const [address, platform, account, what, words, witnesses, reference] = TEXT_FIELDS.map(text);
  const files = Array.isArray(row["files"]) ? row["files"].map(readFile) : damaged();
  return {
    kind,
    seen_at: text("seen_at"),
    address: address ?? "",
    platform: platform ?? "",
    account: account ?? "",
    what: what ?? "",
    words: words ?? "",
    who_saw: witnesses ?? "",
    reference: reference ?? "",
    files,
    corrects: row["corrects"] === null ? null : number("corrects"),
    number: number("number"),
    written_at: text("written_at"),
    zone: text("zone"),
    offset: text("offset"),
    previous: text("previous"),
    hash: text("hash"),
  };
}

function readFile(value: unknown): EntryFile {
  const { sha256, bytes, type, is_kept: isKept } = object(value);
  if (
    typeof sha256 !== "string" ||
    !/^[0-9a-f]{64}$/.test(sha256) ||
    typeof bytes !== "number" ||
    typeof type !== "string" ||
    typeof isKept !== "boolean"
  )
    return damaged();
  return { sha256, bytes, type, is_kept: isKept };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return damaged();
  }
}

function object(value: unknown): { readonly [name: string]: unknown } {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return damaged();
  return Object.fromEntries(Object.entries(value));
}

function damaged(): never {
  throw new FolderError("damaged");
}
