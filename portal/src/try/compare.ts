// SPDX-License-Identifier: Apache-2.0
/*
 * Whether a partner would take a picture for a copy: its eight orientations, and those of the pictures found inside, against one `pdq`.
 * The rules of spec/screen.md; never says how far it was.
 */

import type { Bounds, Kernel, Luma, PdqResult } from "@kernel/kernel";
import { MAXIMUM_DISTANCE_BITS, MINIMUM_QUALITY } from "../wire/types";

/** Return whether pixels, RGBA on white, match the fingerprint. */
export function wouldBeFound(
  kernel: Kernel,
  pixels: Uint8ClampedArray,
  width: number,
  height: number,
  pdq: string,
): boolean {
  const fileHash = bytesOf(pdq);
  const matches = ({ hashes, quality }: PdqResult): boolean =>
    quality >= MINIMUM_QUALITY && hashes.some((hash) => distance(hash, fileHash) <= MAXIMUM_DISTANCE_BITS);
  if (matches(kernel.pdq(pixels, width, height, "rgba8", 8))) return true;
  const luma = lumaOf(pixels, width, height);
  return kernel
    .findParts(luma)
    .some((part) => matches(kernel.pdq(cut(luma, part), part.right - part.left, part.bottom - part.top, "luma8", 8)));
}

/** Luma as the server's decoder makes it. */
export function lumaOf(pixels: Uint8ClampedArray, width: number, height: number): Luma {
  const bytes = new Uint8Array(width * height);
  for (let place = 0; place < bytes.length; place += 1) {
    const [red = 0, green = 0, blue = 0] = pixels.subarray(4 * place, 4 * place + 3);
    bytes[place] = (red * 19_595 + green * 38_470 + blue * 7_471 + 0x8000) >> 16;
  }
  return { width, height, bytes };
}

function cut({ width, bytes }: Luma, { left, top, right, bottom }: Bounds): Uint8Array {
  const part = new Uint8Array((right - left) * (bottom - top));
  for (let row = top; row < bottom; row += 1)
    part.set(bytes.subarray(row * width + left, row * width + right), (row - top) * (right - left));
  return part;
}

export function distance(one: Uint8Array, other: Uint8Array): number {
  let bits = 0;
  for (const [place, byte] of one.entries())
    for (let rest = byte ^ (other[place] ?? 0); rest > 0; rest &= rest - 1) bits += 1;
  return bits;
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}
