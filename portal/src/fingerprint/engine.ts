// SPDX-License-Identifier: Apache-2.0
/*
 * Works out fingerprints in the worker, away from the page, so that the page stays responsive. Asks the server for the parts of the engine
 * only; it must never make another request.
 */

import { Kernel } from "@kernel/kernel";
import { KernelError } from "@kernel/memory";
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
function lazily<Part>(load: () => Promise<Part>): () => Promise<Part> {
  let loading: Promise<Part> | null = null;
  return () => {
    loading ??= load().catch(() => {
      loading = null;
      throw new FileError("engine");
    });
    return loading;
  };
}

/** Loaded and compiled once for both kernels, each of which has a memory of its own. */
const program = lazily(async () => WebAssembly.compile(await loadBytes(kernelAddress)));

const tools: Tools = {
  kernel: lazily(async () => Kernel.load(await program())),
  regionKernel: lazily(async () => RegionKernel.load(await program())),
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
export function receive(data: ToWorker): void {
  if (data.kind === "prepare")
    void tools
      .kernel()
      .catch(() => undefined)
      .then(fetchAllParts);
  if (data.kind === "answer") answered?.(data.answer);
  if (data.kind === "file") void make(data.file).then(post);
}
