// SPDX-License-Identifier: Apache-2.0
/*
 * Whether a partner would take a picture for a copy: its eight orientations, and those of the pictures found inside, against one `pdq`;
 * then its regions. The rules of spec/screen.md; never says how far it was.
 */

import type { RegionKernel } from "@kernel/regions";
import type { Bounds, Kernel, Luma, PdqResult } from "@kernel/kernel";
import { fromHex } from "../bytes/bytes";
import { distance } from "./bits";
import type { Verdict } from "./region_look";
import { searchRegions } from "./region_search";
import { MAXIMUM_DISTANCE_BITS, MINIMUM_ASKED_QUALITY } from "../wire/types";

const BY_PARTS: { readonly [Says in Verdict]: Found } = { match: "parts", part: "unsure", clear: "no" };

/** `whole` by the `pdq`, `parts` by regions; `unsure`: by regions, for a person at the service to look at. */
export type Found = "whole" | "parts" | "unsure" | "no";

/** Pixels, RGBA on white. */
export interface Picture {
  readonly pixels: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

/** What the file gave; `regions` is null where it has too few, or the person left them out. */
export interface Codes {
  readonly pdq: string;
  readonly regions: string | null;
}

export interface Kernels {
  readonly kernel: Kernel;
  readonly regionKernel: RegionKernel;
}

/** Return how a picture would be found by a file's fingerprints. */
export function howFound({ kernel, regionKernel }: Kernels, picture: Picture, { pdq, regions }: Codes): Found {
  if (isFoundWhole(kernel, picture, pdq)) return "whole";
  if (regions === null) return "no";
  const base = regionKernel.base(picture.pixels, picture.width, picture.height, "rgba8");
  return BY_PARTS[searchRegions(regionKernel, base, regions)];
}

function isFoundWhole(kernel: Kernel, { pixels, width, height }: Picture, pdq: string): boolean {
  const fileHash = fromHex(pdq);
  const matches = ({ hashes, quality }: PdqResult): boolean =>
    quality >= MINIMUM_ASKED_QUALITY && hashes.some((hash) => distance(hash, fileHash) <= MAXIMUM_DISTANCE_BITS);
  if (matches(kernel.pdq(pixels, width, height, "rgba8", 8))) return true;
  const luma = lumaOf(pixels, width, height);
  return kernel
    .findParts(luma)
    .some((part) => matches(kernel.pdq(cut(luma, part), part.right - part.left, part.bottom - part.top, "luma8", 8)));
}

/** Luma as the server's decoder makes it. */
function lumaOf(pixels: Uint8ClampedArray, width: number, height: number): Luma {
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
