// SPDX-License-Identifier: Apache-2.0
/*
 * From a file to rows of pixels as a person sees them: upright, in sRGB. Runs in the worker, or on the page where the
 * browser has no canvas for workers.
 *
 * Rows are read in bands, so that memory stays small however large the picture is. Nothing is written anywhere.
 */

import { readHeader } from "./header";
import { MAXIMUM_DIMENSION, MAXIMUM_FILE_BYTES, MAXIMUM_PIXELS, MINIMUM_DIMENSION } from "./limits";
import { PictureError } from "./problems";

export type Canvas = OffscreenCanvas | HTMLCanvasElement;
export type Rows = Uint8ClampedArray<ArrayBuffer>;

/** A decoded picture; `release` gives its memory back. */
export interface Decoded {
  readonly image: ImageBitmap | HTMLImageElement;
  readonly width: number;
  readonly height: number;
  release(): void;
}

const BAND_PIXELS = 1 << 20;
/** How far a browser may be off when it gives pixels back; some add a little noise, some give something else entirely. */
const PIXEL_TOLERANCE = 8;

/** Check a file before any decoder sees it; throws PictureError. */
export async function checkFile(file: Blob): Promise<void> {
  if (file.size === 0) throw new PictureError("empty");
  if (file.size > MAXIMUM_FILE_BYTES) throw new PictureError("too_large");
  if (/^(video|audio|text|application)\//.test(file.type) || file.type === "image/svg+xml") throw new PictureError("not_image");
  const header = readHeader(new Uint8Array(await bytesOf(file)));
  if (header === null && file.type === "") throw new PictureError("not_image");
  if (header === null) return;
  if (header.width > 0 || header.height > 0) checkSize(header.width, header.height);
  if (header.isTruncated) throw new PictureError("truncated");
}

/** Throws PictureError where a picture of this size is not read. */
export function checkSize(width: number, height: number): void {
  if (width > MAXIMUM_DIMENSION || height > MAXIMUM_DIMENSION || width * height > MAXIMUM_PIXELS) throw new PictureError("too_large");
  if (width < MINIMUM_DIMENSION || height < MINIMUM_DIMENSION) throw new PictureError("too_small");
}

/** Decode a file, upright; throws PictureError. */
export async function decode(file: Blob): Promise<Decoded> {
  const decoded = typeof createImageBitmap === "function" ? await decodeBitmap(file) : await decodeElement(file);
  checkSize(decoded.width, decoded.height);
  return decoded;
}

/** Hand a picture's rows, RGBA, top to bottom, to `take`; throws PictureError. */
export function readRows(decoded: Decoded, canvas: Canvas, take: (rows: Rows) => void): void {
  const { image, width, height } = decoded;
  const bandHeight = Math.max(1, Math.min(height, Math.floor(BAND_PIXELS / width)));
  canvas.width = width;
  canvas.height = bandHeight;
  const context = contextOf(canvas);
  context.imageSmoothingEnabled = false;
  for (let top = 0; top < height; top += bandHeight) {
    const rows = Math.min(bandHeight, height - top);
    context.clearRect(0, 0, width, bandHeight);
    context.drawImage(image, 0, top, width, rows, 0, 0, width, rows);
    take(context.getImageData(0, 0, width, rows).data as Rows);
  }
  canvas.width = 0;
  canvas.height = 0;
}

/**
 * Throws PictureError where this browser gives other pixels back than were drawn. Some do so against tracking; a
 * fingerprint of such pixels would protect nothing, and nobody would notice.
 */
export function requireTruePixels(canvas: Canvas): void {
  canvas.width = 16;
  canvas.height = 16;
  const context = contextOf(canvas);
  const shade = (cell: number): number => (cell * 83 + 29) % 256;
  for (let cell = 0; cell < 256; cell += 1) {
    context.fillStyle = `rgb(${shade(cell)}, ${shade(cell + 5)}, ${shade(cell + 11)})`;
    context.fillRect(cell % 16, Math.floor(cell / 16), 1, 1);
  }
  const pixels = context.getImageData(0, 0, 16, 16).data;
  for (let cell = 0; cell < 256; cell += 1) {
    const off = [shade(cell), shade(cell + 5), shade(cell + 11)].map((value, channel) => Math.abs(value - (pixels[4 * cell + channel] ?? 0)));
    if (off.some((distance) => distance > PIXEL_TOLERANCE)) throw new PictureError("pixels_hidden");
  }
}

function contextOf(canvas: Canvas): CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D {
  const context = canvas.getContext("2d", { willReadFrequently: true }) as CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D | null;
  if (!context) throw new PictureError("cannot_decode");
  return context;
}

async function bytesOf(file: Blob): Promise<ArrayBuffer> {
  try {
    return await file.arrayBuffer();
  } catch {
    throw new PictureError("cannot_decode");
  }
}

async function decodeBitmap(file: Blob): Promise<Decoded> {
  try {
    const image = await createImageBitmap(file, { imageOrientation: "from-image" });
    return { image, width: image.width, height: image.height, release: () => image.close() };
  } catch {
    throw new PictureError("cannot_decode");
  }
}

/** For browsers without createImageBitmap; an image element applies the orientation by itself. */
async function decodeElement(file: Blob): Promise<Decoded> {
  const address = URL.createObjectURL(file);
  const image = new Image();
  try {
    image.src = address;
    await image.decode();
  } catch {
    URL.revokeObjectURL(address);
    throw new PictureError("cannot_decode");
  }
  return { image, width: image.naturalWidth, height: image.naturalHeight, release: () => URL.revokeObjectURL(address) };
}
