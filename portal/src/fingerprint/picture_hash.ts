// SPDX-License-Identifier: Apache-2.0
/*
 * A picture's file to its `pdq` and its `regions`: by the browser's decoder in the worker, on the page, or by our own for HEIC. What the decoder refuses is
 * put right and decoded once more. Must never give the fingerprint of a picture of which pixels are missing.
 */

import type { Shrink } from "@kernel/kernel";
import { askFor } from "./asking";
import { requireTruePixels, workerCanvas } from "./canvas";
import { readHeader, type Header } from "./header";
import { readJpegHead } from "./jpeg";
import { MAXIMUM_PIXELS, MAXIMUM_SHRUNK_PIXELS, MINIMUM_PIXELS_PER_WINDOW, PDQ_WINDOWS, SHRINKS } from "./limits";
import { part } from "./load";
import { kindOf, mend, prepare, type Prepared } from "./mend";
import { checkSize, decode, decodeSmaller, readRows } from "./picture";
import { UndecodableError } from "./problems";
import { beginReading, type Read } from "./reading";
import type { Family } from "./sniff";
import type { Tools } from "./tools";

/** `isMended`: the file is damaged or its end is missing, and every pixel is there all the same. */
export type PictureHash = Omit<Read, "sum"> & { readonly isMended: boolean };

type Bytes = Uint8Array<ArrayBuffer>;

/** How a picture is decoded: its header, if it has one that is known here, and by how much it is made smaller. */
interface DecodeOptions {
  readonly header: Header | null;
  readonly shrink: Shrink;
  readonly isSummed: boolean;
}

/** Rejects with FileError and UndecodableError. */
export async function fingerprintPicture(
  file: Blob,
  family: Family,
  buffer: ArrayBuffer,
  tools: Tools,
): Promise<PictureHash> {
  const bytes = new Uint8Array(buffer);
  const header = readHeader(bytes);
  const shrink = shrinkOf(bytes, header);
  try {
    if (header?.isTruncated) throw new UndecodableError("ends_early");
    return { ...(await read(prepare(file, bytes), { header, shrink, isSummed: false }, tools)), isMended: false };
  } catch (error) {
    if (!isRefused(error)) throw error;
    if (family === "heif") return hashWithOwnDecoder(buffer, tools);
    return readMended(bytes, { header, shrink, isSummed: true }, tools, error);
  }
}

/** Check a size before any decoder sees the file; return by how much it has to be decoded smaller. Throws UndecodableError. */
export function shrinkOf(bytes: Bytes, header: Header | null): Shrink {
  if (header === null || (header.width === 0 && header.height === 0)) return 1;
  const { width, height } = header;
  const canShrink = width * height > MAXIMUM_PIXELS && kindOf(bytes) === "jpeg" && readJpegHead(bytes).isOnePass;
  checkSize(width, height, canShrink ? MAXIMUM_SHRUNK_PIXELS : MAXIMUM_PIXELS);
  const pixelsPerWindow = Math.ceil(Math.min(width, height) / PDQ_WINDOWS);
  return canShrink ? (SHRINKS.find((shrink) => pixelsPerWindow >= MINIMUM_PIXELS_PER_WINDOW * shrink) ?? 1) : 1;
}

function isRefused(error: unknown): error is UndecodableError {
  return error instanceof UndecodableError && (error.reason === "not_readable" || error.reason === "ends_early");
}

/** Decode what the decoder refused, put right. Where pixels are missing, there is no fingerprint. */
async function readMended(
  bytes: Bytes,
  options: DecodeOptions,
  tools: Tools,
  refusal: UndecodableError,
): Promise<PictureHash> {
  const mended = mend(bytes);
  if (!mended) throw refusal;
  try {
    const made = await read(mended, options, tools);
    if (mended.probe && (await read({ file: mended.probe, turn: mended.turn }, options, tools)).sum !== made.sum)
      throw new UndecodableError();
    return { ...made, isMended: true };
  } catch (error) {
    throw isRefused(error) ? new UndecodableError("ends_early") : error;
  }
}

async function read(
  { file, turn }: Prepared,
  { header, shrink, isSummed }: DecodeOptions,
  tools: Tools,
): Promise<Read> {
  const canvas = typeof createImageBitmap === "function" ? workerCanvas() : null;
  if (!canvas) return readByPage({ file, turn }, { header, shrink, isSummed }, tools);
  requireTruePixels(canvas);
  const decoded =
    header && shrink > 1 ? await decodeSmaller(file, header.width, header.height, shrink) : await decode(file);
  try {
    const { width, height } = header && shrink > 1 ? header : decoded;
    const reading = await beginReading(tools, { width, height, shrink, turn, isSummed });
    readRows(decoded, canvas, (band) => reading.add(band));
    return reading.end();
  } finally {
    decoded.release();
  }
}

async function readByPage({ file, turn }: Prepared, { shrink, isSummed }: DecodeOptions, tools: Tools): Promise<Read> {
  if (shrink > 1) throw new UndecodableError("picture_too_large");
  const { width, height } = await askFor(tools.ask, { of: "picture", file });
  const reading = await beginReading(tools, { width, height, turn, isSummed });
  for (;;) {
    const { rows } = await askFor(tools.ask, { of: "rows" });
    if (!rows) return reading.end();
    reading.add(rows);
  }
}

async function hashWithOwnDecoder(bytes: ArrayBuffer, tools: Tools): Promise<PictureHash> {
  const { decodeHeif } = await part(import("./heif"));
  const { pixels, width, height } = await decodeHeif(bytes);
  const reading = await beginReading(tools, { width, height, turn: "original" });
  reading.add(pixels);
  return { ...reading.end(), isMended: false };
}
