// SPDX-License-Identifier: Apache-2.0
/* A picture's file to its `pdq`: by the browser's decoder in the worker, on the page, or by our own for HEIC. */

import { toHex, type PdqStream } from "@kernel/kernel";
import { askFor } from "./asking";
import { requireTruePixels, workerCanvas } from "./canvas";
import type { Tools } from "./file";
import { part } from "./load";
import { checkPicture, decode, readRows } from "./picture";
import { UndecodableError } from "./problems";
import type { Family } from "./sniff";

interface PictureHash {
  readonly value: string;
  readonly quality: number;
}

/** Rejects with FileError and UndecodableError. */
export async function fingerprintPicture(file: Blob, family: Family, bytes: ArrayBuffer, tools: Tools): Promise<PictureHash> {
  checkPicture(new Uint8Array(bytes));
  try {
    return await byBrowser(file, tools);
  } catch (error) {
    if (family !== "heif" || !(error instanceof UndecodableError)) throw error;
    return byOurselves(bytes, tools);
  }
}

async function byBrowser(file: Blob, tools: Tools): Promise<PictureHash> {
  const kernel = await tools.kernel();
  const canvas = typeof createImageBitmap === "function" ? workerCanvas() : null;
  if (!canvas) return byPage(tools);
  requireTruePixels(canvas);
  const decoded = await decode(file);
  try {
    const stream = kernel.begin(decoded.width, decoded.height, "rgba8", 1);
    readRows(decoded, canvas, (band) => stream.addRows(band));
    return finish(stream);
  } finally {
    decoded.release();
  }
}

async function byPage({ kernel, ask }: Tools): Promise<PictureHash> {
  const { width, height } = await askFor(ask, { of: "picture" });
  const stream = (await kernel()).begin(width, height, "rgba8", 1);
  for (;;) {
    const { rows } = await askFor(ask, { of: "rows" });
    if (!rows) return finish(stream);
    stream.addRows(rows);
  }
}

async function byOurselves(bytes: ArrayBuffer, { kernel }: Tools): Promise<PictureHash> {
  const { decodeHeif } = await part(import("./heif"));
  const { pixels, width, height } = await decodeHeif(bytes);
  const stream = (await kernel()).begin(width, height, "rgba8", 1);
  stream.addRows(pixels);
  return finish(stream);
}

function finish(stream: PdqStream): PictureHash {
  const { hashes, quality } = stream.finish();
  return { value: toHex(hashes[0] ?? new Uint8Array()), quality };
}
