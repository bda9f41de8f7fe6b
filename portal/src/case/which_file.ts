// SPDX-License-Identifier: Apache-2.0
/* Which file of a case a file is that was chosen again. Pure; compares what this device made with what the case holds. */

import { fromHex } from "../bytes/bytes";
import type { CaseFile } from "../files/case_files";
import { distance } from "../try/bits";
import { MAXIMUM_DISTANCE_BITS, type Fingerprint } from "../wire/types";

/** `same`: a value of it is in the case; `like`: its picture is as near as a partner's would have to be. */
export interface FoundFile {
  readonly how: "same" | "like";
  readonly file: CaseFile;
}

type Value = Pick<Fingerprint, "kind" | "value">;

/** Return the file of the case that these fingerprints are of; null where there is none. What was withdrawn has no values to compare. */
export function whichFile(made: readonly Value[], inCase: readonly CaseFile[]): FoundFile | null {
  const same = inCase.find(({ fingerprints }) =>
    fingerprints.some(({ kind, value }) => made.some((one) => one.kind === kind && one.value === value)),
  );
  if (same) return { how: "same", file: same };
  const [nearest] = inCase
    .map((file) => ({ file, bits: distanceTo(made, file) }))
    .filter(({ bits }) => bits <= MAXIMUM_DISTANCE_BITS)
    .sort((one, other) => one.bits - other.bits);
  return nearest ? { how: "like", file: nearest.file } : null;
}

/** Whether something was made of what the file shows or sounds like: otherwise only the very same bytes are recognised. */
export function hasMoreThanDigests(made: readonly Pick<Value, "kind">[]): boolean {
  return made.some(({ kind }) => kind !== "md5" && kind !== "sha256");
}

/** In how many bits the nearest two pictures differ; infinite where one side has none. */
function distanceTo(made: readonly Value[], { fingerprints }: CaseFile): number {
  const mine = hashesOf(made.map(({ kind, value }) => ({ kind, value })));
  const theirs = hashesOf(fingerprints);
  return Math.min(...mine.flatMap((one) => theirs.map((other) => distance(one, other))));
}

function hashesOf(values: readonly { readonly kind: string; readonly value: string | null }[]): readonly Uint8Array[] {
  return values.flatMap(({ kind, value }) => (kind === "pdq" && value !== null ? [fromHex(value)] : []));
}
