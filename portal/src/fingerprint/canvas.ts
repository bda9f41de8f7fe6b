// SPDX-License-Identifier: Apache-2.0
/* Pixels out of what the browser has decoded, and whether it gives the true ones. On the page and in the worker. */

import { UndecodableError } from "./problems";

export type Canvas = OffscreenCanvas | HTMLCanvasElement;
export type Pixels = Uint8ClampedArray<ArrayBuffer>;

/** How far a browser may be off when it gives pixels back; some add a little noise, some give something else entirely. */
const PIXEL_TOLERANCE = 8;

/** Return the canvas of a worker; null where this browser has none. */
export function workerCanvas(): OffscreenCanvas | null {
  if (typeof OffscreenCanvas === "undefined") return null;
  const canvas = new OffscreenCanvas(1, 1);
  return canvas.getContext("2d", { willReadFrequently: true }) ? canvas : null;
}

export function contextOf(canvas: Canvas): CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D {
  const context = canvas.getContext("2d", { willReadFrequently: true }) as
    CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D | null;
  if (!context) throw new UndecodableError();
  return context;
}

/** Return all pixels of a frame, laid on white, at the given size. */
export function pixelsOf(frame: CanvasImageSource, width: number, height: number, canvas: Canvas): Pixels {
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = contextOf(canvas);
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.drawImage(frame, 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}

/** Whether this browser gives back what was drawn. */
export function hasTruePixels(canvas: Canvas): boolean {
  try {
    requireTruePixels(canvas);
    return true;
  } catch (error) {
    if (error instanceof UndecodableError && error.reason === "pixels_hidden") return false;
    throw error;
  }
}

/**
 * Throws UndecodableError where this browser gives other pixels back than were drawn. Some do so against tracking; a
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
    const off = [shade(cell), shade(cell + 5), shade(cell + 11)].map((value, channel) =>
      Math.abs(value - (pixels[4 * cell + channel] ?? 0)),
    );
    if (off.some((distance) => distance > PIXEL_TOLERANCE)) throw new UndecodableError("pixels_hidden");
  }
}
