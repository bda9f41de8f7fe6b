// SPDX-License-Identifier: Apache-2.0
/*
 * Sends a request, and where the exchange asks for proof of work, does that first and sends the same bytes again with the proof.
 *
 * Only the answer to the sums goes along; nothing of the case, the files or the device is in it.
 */

import { send, WorkNeededError, ExchangeError, type PreparedRequest } from "../wire/requests";
import type { CaseView, WorkNeeded } from "../wire/types";
import type { WorkDone } from "./work_worker";
import SumsWorker from "./work_worker?worker";

/** A proof may come too late on a slow device; after that the person decides. */
const MAXIMUM_PROOFS = 2;

export type OnWork = (share: number) => void;

/** Return the case; `onWork` is told how much of the work is done, from 0. Throws ExchangeError, never anything else. */
export async function sendWithWork(
  request: PreparedRequest,
  onWork: OnWork,
  prove: typeof proofOf = proofOf,
): Promise<CaseView> {
  let proof: string | null = null;
  for (let made = 0; ; made += 1) {
    try {
      return await send(request, proof);
    } catch (error) {
      if (!(error instanceof WorkNeededError) || made === MAXIMUM_PROOFS) throw error;
      proof = await prove(error.needed, onWork);
    }
  }
}

/** Solve in a worker; throws ExchangeError where this browser can't. */
export async function proofOf(needed: WorkNeeded, onWork: OnWork): Promise<string> {
  onWork(0);
  const worker = new SumsWorker();
  try {
    return await new Promise<string>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<WorkDone>) => {
        onWork(data.share);
        if (data.proof !== null) resolve(data.proof);
      };
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new ExchangeError("proof_of_work_needed"));
      };
      worker.postMessage(needed);
    });
  } finally {
    worker.terminate();
  }
}
