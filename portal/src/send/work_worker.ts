// SPDX-License-Identifier: Apache-2.0
/* Does the sums of a proof of work away from the page, so that the page stays responsive. Makes no request. */

import type { WorkNeeded } from "../wire/types";
import { workSums } from "./work_sums";

/** What the worker says after each part. */
export interface WorkDone {
  readonly share: number;
  /** There once all is done. */
  readonly proof: string | null;
}

const post = (done: WorkDone): void => self.postMessage(done);

async function work({ challenge, parts, zero_bits }: WorkNeeded): Promise<void> {
  const numbers: number[] = [];
  for await (const number of workSums(challenge, parts, zero_bits)) {
    numbers.push(number);
    post({
      share: numbers.length / parts,
      proof: numbers.length === parts ? `${challenge} ${numbers.join(".")}` : null,
    });
  }
}

self.addEventListener("message", ({ data }: MessageEvent<WorkNeeded>) => void work(data));
