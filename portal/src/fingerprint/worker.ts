// SPDX-License-Identifier: Apache-2.0
/*
 * Works out fingerprints away from the page, so that the page stays responsive. Makes one request, for the kernel; it
 * must never make another.
 */

import { Kernel, KernelError, toHex, type PdqStream } from "@kernel/kernel";
import kernelAddress from "@kernel/stillmine_pdq.wasm?url";
import { checkFile, decode, readRows, requireTruePixels } from "./picture";
import { PictureError } from "./problems";
import type { FromWorker, ToWorker } from "./protocol";

let kernel: Promise<Kernel> | null = null;
let stream: PdqStream | null = null;

async function loadKernel(): Promise<Kernel> {
  try {
    const answer = await fetch(kernelAddress, { credentials: "omit", referrerPolicy: "no-referrer" });
    if (!answer.ok) throw new Error("no kernel");
    return await Kernel.load(await answer.arrayBuffer());
  } catch {
    kernel = null;
    throw new PictureError("engine");
  }
}

function readyKernel(): Promise<Kernel> {
  kernel ??= loadKernel();
  return kernel;
}

function finish(of: PdqStream): FromWorker {
  const { hashes, quality } = of.finish();
  const [original] = hashes;
  if (!original) throw new PictureError("engine");
  return { kind: "fingerprint", value: toHex(original), quality };
}

async function fingerprintFile(file: Blob): Promise<FromWorker> {
  await checkFile(file);
  const canvas = workerCanvas();
  if (!canvas) return { kind: "no_canvas" };
  const ready = await readyKernel();
  requireTruePixels(canvas);
  const decoded = await decode(file);
  try {
    const rows = ready.begin(decoded.width, decoded.height, "rgba8");
    readRows(decoded, canvas, (band) => rows.addRows(band));
    return finish(rows);
  } finally {
    decoded.release();
  }
}

function workerCanvas(): OffscreenCanvas | null {
  if (typeof OffscreenCanvas === "undefined" || typeof createImageBitmap === "undefined") return null;
  const canvas = new OffscreenCanvas(1, 1);
  return canvas.getContext("2d", { willReadFrequently: true }) ? canvas : null;
}

async function answer(message: ToWorker): Promise<FromWorker | null> {
  switch (message.kind) {
    case "prepare":
      await readyKernel().catch(() => undefined);
      return null;
    case "file":
      return fingerprintFile(message.file);
    case "begin":
      stream = (await readyKernel()).begin(message.width, message.height, "rgba8");
      return null;
    case "rows":
      stream?.addRows(message.rows);
      return null;
    case "finish":
      if (!stream) throw new PictureError("engine");
      return finish(stream);
  }
}

function problemOf(error: unknown): FromWorker {
  if (error instanceof PictureError) return { kind: "problem", problem: error.problem };
  if (error instanceof KernelError && error.code === "image_too_large") return { kind: "problem", problem: "too_large" };
  return { kind: "problem", problem: "cannot_decode" };
}

/** Messages are answered one after the other, in their order, also where one has to wait for the kernel. */
let turn: Promise<void> = Promise.resolve();
self.addEventListener("message", (event: MessageEvent<ToWorker>) => {
  turn = turn.then(async () => {
    const reply = await answer(event.data).catch(problemOf);
    if (reply) self.postMessage(reply);
  });
});
