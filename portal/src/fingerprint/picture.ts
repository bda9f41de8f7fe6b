// SPDX-License-Identifier: Apache-2.0
/*
 * From a picture's file to rows of pixels as a person sees them: upright, in sRGB. Runs in the worker, or on the page where the
 * browser has no canvas for workers.
 *
 * Rows are read in bands, so that memory stays small however large the picture is. Nothing is written anywhere.
 */

import { contextOf, type Canvas, type Pixels } from "./canvas";
import { MAXIMUM_DIMENSION, MAXIMUM_PIXELS, MINIMUM_DIMENSION } from "./limits";
import { UndecodableError } from "./problems";

/** A decoded picture; `release` gives its memory back. */
export interface Decoded {
  readonly image: ImageBitmap | HTMLImageElement | VideoFrame;
  readonly width: number;
  readonly height: number;
  release: () => void;
}

const BAND_PIXELS = 1 << 20;

/** Throws UndecodableError where a picture of this size is not read. */
export function checkSize(width: number, height: number, maximumPixels = MAXIMUM_PIXELS): void {
  if (Math.max(width, height) > MAXIMUM_DIMENSION || width * height > maximumPixels)
    throw new UndecodableError("picture_too_large");
  if (width < MINIMUM_DIMENSION || height < MINIMUM_DIMENSION) throw new UndecodableError("too_small");
}

/** Decode a file, as its decoder turns it; throws UndecodableError. */
export async function decode(file: Blob): Promise<Decoded> {
  const decoded = typeof createImageBitmap === "function" ? await decodeBitmap(file) : await decodeElement(file);
  try {
    checkSize(decoded.width, decoded.height);
  } catch (error) {
    decoded.release();
    throw error;
  }
  return decoded;
}

/** Decode a JPEG to a `shrink`th of its size, for less memory; throws UndecodableError where this browser can't. */
export async function decodeSmaller(file: Blob, width: number, height: number, shrink: number): Promise<Decoded> {
  if (typeof ImageDecoder === "undefined") throw new UndecodableError("picture_too_large");
  const [desiredWidth, desiredHeight] = [Math.ceil(width / shrink), Math.ceil(height / shrink)];
  const decoder = new ImageDecoder({ data: await file.arrayBuffer(), type: "image/jpeg", desiredWidth, desiredHeight });
  try {
    const { image } = await decoder.decode({ completeFramesOnly: true });
    if (image.displayWidth === desiredWidth && image.displayHeight === desiredHeight) {
      return { image, width: desiredWidth, height: desiredHeight, release: () => image.close() };
    }
    image.close();
  } catch {
    throw new UndecodableError();
  } finally {
    decoder.close();
  }
  throw new UndecodableError("picture_too_large");
}

/** Hand a picture's rows, RGBA, top to bottom, to `take`. */
export function readRows(decoded: Decoded, canvas: Canvas, take: (rows: Pixels) => void): void {
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
    take(context.getImageData(0, 0, width, rows).data);
  }
  canvas.width = 0;
  canvas.height = 0;
}

async function decodeBitmap(file: Blob): Promise<Decoded> {
  try {
    const image = await createImageBitmap(file, { imageOrientation: "from-image" });
    return { image, width: image.width, height: image.height, release: () => image.close() };
  } catch {
    throw new UndecodableError();
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
    throw new UndecodableError();
  }
  return { image, width: image.naturalWidth, height: image.naturalHeight, release: () => URL.revokeObjectURL(address) };
}
