// SPDX-License-Identifier: Apache-2.0
/* The files of a case, told from its fingerprints: the exchange knows which belong together and nothing else. Pure. */

import type { FileType } from "../fingerprint/made";
import type { CaseFingerprint, FingerprintState, Kind } from "../wire/types";

export interface CaseFile {
  readonly number: number;
  readonly type: FileType;
  readonly state: FingerprintState;
  /** In the order of the case; withdrawn ones included. */
  readonly fingerprints: readonly CaseFingerprint[];
}

/** Return the files of a case by their numbers. */
export function filesOf(fingerprints: readonly CaseFingerprint[]): readonly CaseFile[] {
  const numbers = [...new Set(fingerprints.map((fingerprint) => fingerprint.file_number))].sort(
    (one, other) => one - other,
  );
  return numbers.map((number) => {
    const inFile = fingerprints.filter((fingerprint) => fingerprint.file_number === number);
    return {
      number,
      type: typeOfKinds(inFile.map((fingerprint) => fingerprint.kind)),
      state: stateOf(inFile),
      fingerprints: inFile,
    };
  });
}

/** Return what a file most likely is: spec/portal.md, "What a file gives", read backwards. */
export function typeOfKinds(kinds: readonly Kind[]): FileType {
  if (kinds.includes("vpdq")) return kinds.includes("pdq") ? "animation" : "video";
  if (kinds.includes("chromaprint")) return kinds.includes("md5") ? "video" : "sound";
  return kinds.includes("pdq") || kinds.includes("regions") ? "picture" : "other";
}

/** Return those that are still in the case. */
export function leftOf(fingerprints: readonly CaseFingerprint[]): readonly CaseFingerprint[] {
  return fingerprints.filter((fingerprint) => fingerprint.state !== "withdrawn");
}

/** A file is on hold where any of it is, and withdrawn only where all of it is. */
function stateOf(fingerprints: readonly CaseFingerprint[]): FingerprintState {
  const states = leftOf(fingerprints).map((fingerprint) => fingerprint.state);
  if (states.length === 0) return "withdrawn";
  return states.includes("suspended") ? "suspended" : "active";
}
