// SPDX-License-Identifier: Apache-2.0
/* Why a file gave no fingerprint at all; each has words under `protect.problem.`. Never says anything of the file. */

export const FILE_PROBLEMS = [
  "empty",
  /** Neither a picture nor a video nor a sound. */
  "not_medium",
  /** Larger than any file is read. */
  "too_large",
  /** The file can't be read any more: moved, or in a cloud. */
  "cannot_read",
  /** This browser runs nothing beside a page. */
  "no_worker",
  /** A part did not load, or it stopped: trying again may help. */
  "engine",
] as const;
export type FileProblem = (typeof FILE_PROBLEMS)[number];

export function isProblem(word: string): word is FileProblem {
  return (FILE_PROBLEMS as readonly string[]).includes(word);
}

export class FileError extends Error {
  constructor(readonly problem: FileProblem) {
    super(problem);
  }
}

export type UndecodableReason =
  | "not_readable"
  | "ends_early"
  | "too_small"
  | "picture_too_large"
  /** This browser gives other pixels than were drawn. */
  | "pixels_hidden";

/** A picture, its frames or its sound can't be made something of here; its file still has a digest. Never leaves the engine. */
export class UndecodableError extends Error {
  constructor(readonly reason: UndecodableReason = "not_readable") {
    super(reason);
  }
}
