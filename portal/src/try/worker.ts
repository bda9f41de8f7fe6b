// SPDX-License-Identifier: Apache-2.0
/* Compares an altered copy away from the page, so that the page stays responsive. Asks the server for the kernel only. */

import { Kernel } from "@kernel/kernel";
import { RegionKernel } from "@kernel/regions";
import kernelAddress from "@kernel/stillmine_pdq.wasm?url";
import { loadBytes } from "../fingerprint/load";
import { howFound, type Codes, type Found, type Kernels, type Picture } from "./compare";

export interface Question {
  readonly picture: Picture;
  readonly codes: Codes;
}

/** `failed`: the kernel did not load, or memory is short. */
export type Answer = Found | "failed";

async function load(): Promise<Kernels> {
  const program = await WebAssembly.compile(await loadBytes(kernelAddress));
  return { kernel: await Kernel.load(program), regionKernel: await RegionKernel.load(program) };
}

let kernels: Promise<Kernels> | null = null;

async function answerTo({ picture, codes }: Question): Promise<Answer> {
  try {
    kernels ??= load();
    return howFound(await kernels, picture, codes);
  } catch {
    kernels = null; // it may load the next time
    return "failed";
  }
}

self.addEventListener("message", ({ data }: MessageEvent<Question>) => {
  void answerTo(data).then((answer) => self.postMessage(answer));
});
