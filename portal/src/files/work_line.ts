// SPDX-License-Identifier: Apache-2.0
/*
 * Works on chosen files one after the other, so that a phone never has two of them in memory, and tells how each one
 * stands. Any of them can be stopped; the others go on.
 *
 * What was stopped never becomes ready afterwards, also where its maker answers too late.
 */

import type { FileFingerprints, OnProgress } from "../fingerprint/made";
import { FileError, type FileProblem } from "../fingerprint/problems";

export type Outcome =
  | { readonly kind: "waiting" }
  /** `share` of the work is done; null until the maker says so. */
  | { readonly kind: "working"; readonly share: number | null }
  | { readonly kind: "ready"; readonly made: FileFingerprints }
  | { readonly kind: "stopped" }
  | { readonly kind: "problem"; readonly problem: FileProblem };

export interface Maker {
  prepare: () => void;
  make: (
    file: Blob,
    options: { readonly onProgress?: OnProgress; readonly signal?: AbortSignal },
  ) => Promise<FileFingerprints>;
  stop: () => void;
}

interface Job {
  readonly key: number;
  readonly file: Blob;
  readonly giveUp: AbortController;
}

export class WorkLine {
  readonly #maker: Maker;
  readonly #tell: (key: number, outcome: Outcome) => void;
  #waiting: readonly Job[] = [];
  #current: Job | null = null;

  constructor(maker: Maker, tell: (key: number, outcome: Outcome) => void) {
    this.#maker = maker;
    this.#tell = tell;
  }

  /** Load what is needed before the first file is chosen. */
  prepare(): void {
    this.#maker.prepare();
  }

  add(key: number, file: Blob): void {
    this.#waiting = [...this.#waiting, { key, file, giveUp: new AbortController() }];
    this.#tell(key, { kind: "waiting" });
    this.#next();
  }

  /** Stop one file, in work or in line; does nothing to one that is done. */
  stop(key: number): void {
    const job = [...(this.#current ? [this.#current] : []), ...this.#waiting].find((one) => one.key === key);
    if (!job || job.giveUp.signal.aborted) return;
    this.#waiting = this.#waiting.filter((one) => one !== job);
    this.#tell(key, { kind: "stopped" });
    job.giveUp.abort();
  }

  /** Stop everything and give the maker's memory back; more can be added later. */
  stopAll(): void {
    for (const job of this.#waiting) this.stop(job.key);
    if (this.#current) this.stop(this.#current.key);
    this.#maker.stop();
  }

  #next(): void {
    const [job, ...others] = this.#waiting;
    if (this.#current !== null || !job) return;
    this.#current = job;
    this.#waiting = others;
    void this.#work(job).then(() => {
      this.#current = null;
      this.#next();
    });
  }

  async #work({ key, file, giveUp: { signal } }: Job): Promise<void> {
    const tell = (outcome: Outcome): void => {
      if (!signal.aborted) this.#tell(key, outcome);
    };
    tell({ kind: "working", share: null });
    try {
      const made = await this.#maker.make(file, {
        onProgress: wholePercents((share) => tell({ kind: "working", share })),
        signal,
      });
      tell({ kind: "ready", made });
    } catch (error) {
      tell({ kind: "problem", problem: error instanceof FileError ? error.problem : "engine" });
    }
  }
}

/** A maker may say how far it is many times a second; a page need not be drawn anew for less than a hundredth. */
function wholePercents(tell: OnProgress): OnProgress {
  let last = -1;
  return (share) => {
    const percent = Math.floor(share * 100);
    if (percent <= last) return;
    last = percent;
    tell(Math.min(1, percent / 100));
  };
}
