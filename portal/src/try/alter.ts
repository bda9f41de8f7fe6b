// SPDX-License-Identifier: Apache-2.0
/* Altered copies of a picture, made on the device from its pixels and saved again, as those who pass pictures on do. */

export const ALTERATIONS = [
  "caption",
  "darker",
  "grey",
  "warmer",
  "smaller",
  "mirrored",
  "cut_5",
  "cut_10",
  "cut_20",
  "across",
] as const;
export type Alteration = (typeof ALTERATIONS)[number];

/** Pixels of the longer side at most: more makes no difference to what is recognised, and old phones have little room. */
const LONGEST = 1_024;
const QUALITY = 0.85;
const FILTERS: { readonly [Name in Alteration]?: string } = {
  darker: "brightness(0.6)",
  grey: "grayscale(1)",
  warmer: "sepia(0.5) saturate(1.3)",
};
const CUTS: { readonly [Name in Alteration]?: number } = { cut_5: 0.05, cut_10: 0.1, cut_20: 0.2 };

/** Return the altered copy as a JPEG; rejects where the browser can't decode the picture. */
export async function altered(picture: Blob, alteration: Alteration, words: string): Promise<Blob> {
  const bitmap = await createImageBitmap(picture);
  const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height)) * (alteration === "smaller" ? 0.5 : 1);
  const width = Math.max(64, Math.round(bitmap.width * scale));
  const height = Math.max(64, Math.round(bitmap.height * scale));
  const cut = CUTS[alteration] ?? 0;
  const strip = alteration === "caption" ? Math.round(height * 0.18) : 0;
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * (1 - cut));
  canvas.height = Math.round(height * (1 - cut)) + strip;
  const context = canvas.getContext("2d");
  if (!context) throw new Error("no canvas");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.filter = FILTERS[alteration] ?? "none";
  if (alteration === "mirrored") context.setTransform(-1, 0, 0, 1, width, 0);
  context.drawImage(bitmap, -Math.round(width * cut), -Math.round(height * cut), width, height);
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.filter = "none";
  if (alteration === "caption")
    write(context, words, canvas.width / 2, height + strip / 2, strip * 0.45, canvas.width * 0.9);
  if (alteration === "across") {
    context.fillRect(0, canvas.height * 0.4, canvas.width, canvas.height * 0.2);
    write(context, words, canvas.width / 2, canvas.height / 2, canvas.height * 0.1, canvas.width * 0.9);
  }
  bitmap.close();
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no copy"))), "image/jpeg", QUALITY),
  );
}

function write(
  context: CanvasRenderingContext2D,
  words: string,
  x: number,
  y: number,
  size: number,
  most: number,
): void {
  context.fillStyle = "#111";
  context.font = `${Math.max(8, Math.round(size))}px sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(words, x, y, most);
}
