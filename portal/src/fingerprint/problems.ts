// SPDX-License-Identifier: Apache-2.0
/* Why a file gave no fingerprint; each has words under `protect.problem.`. Never says anything of the file. */

export type PictureProblem =
  | "empty"
  | "not_image"
  | "too_large"
  | "too_small"
  | "truncated"
  | "cannot_decode"
  | "too_little_detail"
  | "pixels_hidden"
  | "engine";

export class PictureError extends Error {
  constructor(readonly problem: PictureProblem) {
    super(problem);
  }
}
