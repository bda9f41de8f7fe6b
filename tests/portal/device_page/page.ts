// SPDX-License-Identifier: Apache-2.0
/* A page that hands files to the portal's engine and keeps what it gives, so that tests see all of it. Built with the portal's own settings. */

import { FingerprintMaker } from "@portal/fingerprint/maker";
import { FileError } from "@portal/fingerprint/problems";

interface Outcome {
  readonly made?: unknown;
  readonly problem?: string;
  readonly progress: readonly number[];
}

const maker = new FingerprintMaker();
const chooser = document.querySelector<HTMLInputElement>("#chooser");
const controllers: AbortController[] = [];

async function outcomeOf(file: Blob, signal: AbortSignal): Promise<Outcome> {
  const progress: number[] = [];
  const onProgress = (share: number): void => void (progress.push(share), (document.title = String(share)));
  try {
    return { made: await maker.make(file, { onProgress, signal }), progress };
  } catch (error) {
    if (error instanceof FileError) return { problem: error.problem, progress };
    return { problem: error instanceof DOMException ? error.name : String(error), progress };
  }
}

/** All chosen files at once. */
function makeAll(): Promise<readonly Outcome[]> {
  const files = [...(chooser?.files ?? [])];
  controllers.length = 0;
  return Promise.all(
    files.map((file) => {
      const controller = new AbortController();
      controllers.push(controller);
      return outcomeOf(file, controller.signal);
    }),
  );
}

Object.assign(window, { makeAll, abort: (place: number) => controllers[place]?.abort(), stop: () => maker.stop() });
document.body.dataset["ready"] = "";
