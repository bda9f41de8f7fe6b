// SPDX-License-Identifier: Apache-2.0
/* Altered copies of a picture, made on the device from its pixels and saved again, as those who pass pictures on do. */

import { drawPost, drawStickers, POST_SHAPE, postPlace, writeAcross, writeLine } from "./drawings";

export const ALTERATIONS = [
  "caption",
  "cut_20",
  "middle",
  "lettered",
  "across",
  "stickers",
  "screenshot",
  "tilted",
  "mirrored",
  "smaller",
  "darker",
  "grey",
  "warmer",
] as const;
export type Alteration = (typeof ALTERATIONS)[number];

/** Pixels of the longer side at most: more makes no difference to what is recognised, and old phones have little room. */
const LONGEST = 1_024;
const SCREEN_WIDTH = 720;
const QUALITY = 0.85;
const TILT_DEGREES = 4;
const STRIP = 0.18;
const FILTERS: { readonly [Name in Alteration]?: string } = {
  darker: "brightness(0.6)",
  grey: "grayscale(1)",
  warmer: "sepia(0.5) saturate(1.3)",
};
/** What is left of the picture: left, top, width and height, in shares of its own. */
const CUTS: { readonly [Name in Alteration]?: readonly [number, number, number, number] } = {
  cut_20: [0.2, 0.2, 0.8, 0.8],
  middle: [0.2, 0.2, 0.6, 0.6],
};
const WHOLE = [0, 0, 1, 1] as const;

interface Place {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Return the altered copy as a JPEG; rejects where the browser can't decode the picture. */
export async function altered(picture: Blob, alteration: Alteration, words: string): Promise<Blob> {
  const bitmap = await createImageBitmap(picture);
  try {
    return await asJpeg(alteration === "screenshot" ? postOf(bitmap, words) : copyOf(bitmap, alteration, words));
  } finally {
    bitmap.close();
  }
}

function copyOf(bitmap: ImageBitmap, alteration: Alteration, words: string): HTMLCanvasElement {
  const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height)) * (alteration === "smaller" ? 0.5 : 1);
  const [whole, high] = [bitmap.width, bitmap.height].map((side) => Math.max(64, Math.round(side * scale))) as [
    number,
    number,
  ];
  const [left, top, wide, tall] = CUTS[alteration] ?? WHOLE;
  const [width, height] = [Math.round(whole * wide), Math.round(high * tall)];
  const strip = alteration === "caption" ? Math.round(height * STRIP) : 0;
  const [canvas, context] = canvasOf(width, height + strip);
  context.filter = FILTERS[alteration] ?? "none";
  if (alteration === "mirrored") context.setTransform(-1, 0, 0, 1, width, 0);
  if (alteration === "tilted") tilt(context, width, height);
  context.drawImage(bitmap, -Math.round(whole * left), -Math.round(high * top), whole, high);
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.filter = "none";
  if (strip > 0) writeLine(context, words, { left: 0, top: height, width, height: strip }, strip * 0.45);
  if (alteration === "across") drawBar(context, words, { left: 0, top: height * 0.4, width, height: height * 0.2 });
  if (alteration === "lettered") writeAcross(context, words, width, height);
  if (alteration === "stickers") drawStickers(context, width, height);
  return canvas;
}

/** Turned around its middle and enlarged until no corner is empty, as programs that straighten pictures do. */
function tilt(context: CanvasRenderingContext2D, width: number, height: number): void {
  const angle = (TILT_DEGREES * Math.PI) / 180;
  const grown = Math.cos(angle) + Math.sin(angle) * Math.max(width / height, height / width);
  context.translate(width / 2, height / 2);
  context.rotate(angle);
  context.scale(grown, grown);
  context.translate(-width / 2, -height / 2);
}

function drawBar(context: CanvasRenderingContext2D, words: string, bar: Place): void {
  context.fillStyle = "#fff";
  context.fillRect(bar.left, bar.top, bar.width, bar.height);
  writeLine(context, words, bar, bar.height * 0.5);
}

/** A phone's screen with a post that shows the picture. */
function postOf(bitmap: ImageBitmap, words: string): HTMLCanvasElement {
  const screen = { width: SCREEN_WIDTH, height: Math.round(SCREEN_WIDTH * POST_SHAPE) };
  const [canvas, context] = canvasOf(screen.width, screen.height);
  const { left, top, width, height } = postPlace(screen, bitmap);
  context.drawImage(bitmap, left, top, width, height);
  drawPost(context, words, screen, { left, top, width, height });
  return canvas;
}

function canvasOf(width: number, height: number): [HTMLCanvasElement, CanvasRenderingContext2D] {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  if (!context) throw new Error("no canvas");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  return [canvas, context];
}

function asJpeg(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no copy"))), "image/jpeg", QUALITY),
  );
}
