// SPDX-License-Identifier: Apache-2.0
/*
 * Which number each chosen file has, and which of them would be sent. Pure.
 *
 * A number on the page is the number in the case (spec/case.md, `file_number`): what is left out has none, and a file of
 * which the case holds something already keeps the number that it has there.
 */

import type { CaseFile } from "./case_files";
import type { FileType } from "../fingerprint/made";
import {
  MAXIMUM_CASE_MESSAGE_BYTES,
  MAXIMUM_FILES_PER_CASE,
  MAXIMUM_FINGERPRINTS_PER_CASE,
  MAXIMUM_VALUE_BYTES_PER_CASE,
  type Fingerprint,
} from "../wire/types";
import { HAS_REGIONS_BY_DEFAULT, withoutRegions } from "./regions_choice";
import type { Outcome } from "./work_line";

export interface ChosenFile {
  /** Counts up; only tells files of this page apart. */
  readonly key: number;
  readonly file: Blob;
  readonly outcome: Outcome;
  /** The person says that it was made or changed by a computer. */
  readonly isSynthetic: boolean;
}

/** A file as the page names it. */
export interface Named {
  readonly type: FileType;
  readonly number: number;
  readonly isInCase: boolean;
}

/** `same`: all that it gives, another file gives already. */
export type RowState = Outcome | { readonly kind: "same"; readonly as: Named };

export interface Row {
  readonly key: number;
  readonly file: Blob;
  readonly type: FileType;
  /** Null where the file is left out. */
  readonly number: number | null;
  readonly isSynthetic: boolean;
  readonly state: RowState;
}

/** What is more than a case or a message holds. */
export type Excess = "files" | "fingerprints" | "bytes";

/** Room for all of a message but its fingerprints. */
const ENVELOPE_BYTES = 1024;

/** Return the rows of the chosen files, in their order, beside what is in the case already; without regions where they are left out. */
export function rowsOf(
  all: readonly ChosenFile[],
  inCase: readonly CaseFile[],
  hasRegions: boolean = HAS_REGIONS_BY_DEFAULT,
): readonly Row[] {
  const owners = ownersInCase(inCase);
  let next = highestNumber(inCase) + 1;
  return all.map((chosen): Row => {
    const { key, file, isSynthetic } = chosen;
    const outcome = hasRegions ? chosen.outcome : leftOutOf(chosen.outcome);
    const row = { key, file, isSynthetic, type: typeOf(chosen), number: null, state: outcome };
    if (outcome.kind === "stopped" || outcome.kind === "problem") return row;
    if (outcome.kind !== "ready") return { ...row, number: next++ };
    const values = outcome.made.fingerprints.map(valueId);
    const known = values.flatMap((value) => owners.get(value) ?? []);
    const [as] = known;
    if (as && known.length === values.length) return { ...row, state: { kind: "same", as } };
    const number = known.find((owner) => owner.isInCase)?.number ?? next++;
    for (const value of values) if (!owners.has(value)) owners.set(value, { type: row.type, number, isInCase: false });
    return { ...row, number };
  });
}

function leftOutOf(outcome: Outcome): Outcome {
  return outcome.kind === "ready" ? { kind: "ready", made: withoutRegions(outcome.made) } : outcome;
}

/** Return what would be sent of these rows, in their order, each value once. */
export function fingerprintsOf(rows: readonly Row[]): readonly Fingerprint[] {
  const sent = new Set<string>();
  return rows.flatMap(({ state, number, isSynthetic }) => {
    if (state.kind !== "ready" || number === null) return [];
    const newFingerprints = state.made.fingerprints.filter((fingerprint) => !sent.has(valueId(fingerprint)));
    newFingerprints.forEach((fingerprint) => sent.add(valueId(fingerprint)));
    return newFingerprints.map(({ kind, value, quality }) => ({
      kind,
      value,
      quality,
      file_number: number,
      is_synthetic: isSynthetic,
    }));
  });
}

/** Return what is too much, if anything is; the exchange would refuse it (spec/case.md, "Limits"). */
export function excessOf(sending: readonly Fingerprint[], inCase: readonly CaseFile[]): Excess | null {
  const existing = inCase.flatMap((file) => file.fingerprints);
  const known = new Set(existing.map(valueId));
  const added = sending.filter((fingerprint) => !known.has(valueId(fingerprint)));
  const valueBytes = [...existing, ...added].reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
  const messageBytes = new TextEncoder().encode(JSON.stringify(sending)).length + ENVELOPE_BYTES;
  if (sending.some(({ file_number }) => (file_number ?? 1) > MAXIMUM_FILES_PER_CASE)) return "files";
  if (existing.length + added.length > MAXIMUM_FINGERPRINTS_PER_CASE) return "fingerprints";
  return valueBytes > MAXIMUM_VALUE_BYTES_PER_CASE || messageBytes > MAXIMUM_CASE_MESSAGE_BYTES ? "bytes" : null;
}

/** Withdrawn files keep their numbers, so later ones follow after them. */
export function highestNumber(inCase: readonly CaseFile[]): number {
  return Math.max(0, ...inCase.map((file) => file.number));
}

/** What is withdrawn has no value any more, so the same file can be added again. */
function ownersInCase(inCase: readonly CaseFile[]): Map<string, Named> {
  const owners = new Map<string, Named>();
  for (const { type, number, fingerprints } of inCase) {
    for (const fingerprint of fingerprints)
      if (fingerprint.value !== null) owners.set(valueId(fingerprint), { type, number, isInCase: true });
  }
  return owners;
}

function valueId({ kind, value }: { readonly kind: string; readonly value: string | null }): string {
  return `${kind} ${value ?? ""}`;
}

/** What the file says of itself counts until it was looked into. */
function typeOf({ file, outcome }: ChosenFile): FileType {
  if (outcome.kind === "ready") return outcome.made.type;
  const [declared] = file.type.split("/");
  if (declared === "image") return "picture";
  if (declared === "audio") return "sound";
  return declared === "video" ? "video" : "other";
}
