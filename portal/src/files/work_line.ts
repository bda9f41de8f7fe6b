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
  readonly controller: AbortController;
}

export class WorkLine {
  readonly #maker: Maker;
  readonly #report: (key: number, outcome: Outcome) => void;
  #waiting: readonly Job[] = [];
  #current: Job | null = null;

  constructor(maker: Maker, report: (key: number, outcome: Outcome) => void) {
    this.#maker = maker;
    this.#report = report;
  }

  /** Load what is needed before the first file is chosen. */
  prepare(): void {
    this.#maker.prepare();
  }

  add(key: number, file: Blob): void {
    this.#waiting = [...this.#waiting, { key, file, controller: new AbortController() }];
    this.#report(key, { kind: "waiting" });
    this.#next();
  }

  /** Stop one file, in work or in line; does nothing to one that is done. */
  stop(key: number): void {
    const job = [...(this.#current ? [this.#current] : []), ...this.#waiting].find((one) => one.key === key);
    if (!job || job.controller.signal.aborted) return;
    this.#waiting = this.#waiting.filter((one) => one !== job);
    this.#report(key, { kind: "stopped" });
    job.controller.abort();
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

  async #work({ key, file, controller: { signal } }: Job): Promise<void> {
    const report = (outcome: Outcome): void => {
      if (!signal.aborted) this.#report(key, outcome);
    };
    report({ kind: "working", share: null });
    try {
      const made = await this.#maker.make(file, {
        onProgress: wholePercents((share) => report({ kind: "working", share })),
        signal,
      });
      report({ kind: "ready", made });
    } catch (error) {
      report({ kind: "problem", problem: error instanceof FileError ? error.problem : "engine" });
    }
  }
}

/** A maker may say how far it is many times a second; a page need not be drawn anew for less than a hundredth. */
function wholePercents(report: OnProgress): OnProgress {
  let last = -1;
  return (share) => {
    const percent = Math.floor(share * 100);
    if (percent <= last) return;
    last = percent;
    report(Math.min(1, percent / 100));
  };
}
