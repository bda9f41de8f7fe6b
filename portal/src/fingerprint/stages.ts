// SPDX-License-Identifier: Apache-2.0
/* The share of a file's work that is done, out of stages that differ in length; it never goes back. */

import type { OnProgress } from "./made";

const STEP = 0.005;

export class Stages {
  #done = 0;
  #told = 0;
  readonly #onProgress: OnProgress;

  constructor(onProgress: OnProgress) {
    this.#onProgress = onProgress;
  }

  /** Return what the next stage calls with its own share; `weight` is its share of the whole. */
  next(weight: number): OnProgress {
    const start = this.#done;
    this.#done = Math.min(1, start + weight);
    return (share) => this.#tell(start + weight * Math.max(0, Math.min(1, share)));
  }

  #tell(share: number): void {
    if (share < this.#told + STEP) return;
    this.#told = Math.min(1, share);
    this.#onProgress(this.#told);
  }
}
