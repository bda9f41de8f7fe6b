// SPDX-License-Identifier: Apache-2.0
/*
 * Works out fingerprints away from the page, so that the page stays responsive. Asks the server for the parts of the engine only;
 * it must never make another request.
 *
 * A module, because only those can load parts when they are needed.
 */

import { Kernel, KernelError } from "@kernel/kernel";
import { RegionKernel } from "@kernel/regions";
import kernelAddress from "@kernel/stillmine_pdq.wasm?url";
import { makeFile } from "./file";
import { loadBytes } from "./load";
import { fetchAllParts } from "./parts";
import { FileError } from "./problems";
import type { Answer, FromWorker, ToWorker } from "./protocol";
import type { Tools } from "./tools";

let answered: ((answer: Answer) => void) | null = null;

const post = (message: FromWorker): void => self.postMessage(message);

/** Loaded once it is asked for; one that failed is loaded again. */
function lazily<Part>(load: (bytes: ArrayBuffer) => Promise<Part>): () => Promise<Part> {
  let loading: Promise<Part> | null = null;
  return () => {
    loading ??= loadBytes(kernelAddress)
      .then(load)
      .catch(() => {
        loading = null;
        throw new FileError("engine");
      });
    return loading;
  };
}

const tools: Tools = {
  kernel: lazily((bytes) => Kernel.load(bytes)),
  regionKernel: lazily((bytes) => RegionKernel.load(bytes)),
  ask: (question) =>
    new Promise((resolve) => {
      answered = resolve;
      post({ kind: "question", question });
    }),
};

async function make(file: Blob): Promise<FromWorker> {
  try {
    return { kind: "made", made: await makeFile(file, tools, (share) => post({ kind: "progress", share })) };
  } catch (error) {
    if (error instanceof FileError) return { kind: "problem", problem: error.problem };
    const isTooLarge = error instanceof KernelError && error.code === "image_too_large";
    return { kind: "problem", problem: isTooLarge ? "too_large" : "engine" };
  }
}

/** The page gives the next file when it has what the one before gives. */
self.addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind === "prepare")
    void tools
      .kernel()
      .catch(() => undefined)
      .then(fetchAllParts);
  if (data.kind === "answer") answered?.(data.answer);
  if (data.kind === "file") void make(data.file).then(post);
});
