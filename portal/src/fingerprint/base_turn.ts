// SPDX-License-Identifier: Apache-2.0
/* The base of a turned picture from that of the picture as it is stored: a quarter of a million pixels, however many the picture has. */

import type { Base, RegionKernel } from "@kernel/regions";
import type { Turn } from "./mend";

/** Whether the turned picture's rows run along the old columns, and which of the old axes are counted from the other end. */
const TURNS: { readonly [Name in Turn]: readonly [isSwapped: boolean, fromRight: boolean, fromBelow: boolean] } = {
  original: [false, false, false],
  rotate90: [true, true, false],
  rotate180: [false, true, true],
  rotate270: [true, false, true],
  flip_horizontal: [false, true, false],
  flip_vertical: [false, false, true],
  transpose: [true, false, false],
  transverse: [true, true, true],
};

/** Return the base of the picture that a turn gives. */
export function turnedBase(kernel: RegionKernel, base: Base, turn: Turn): Base {
  if (turn === "original") return base;
  const [isSwapped, fromRight, fromBelow] = TURNS[turn];
  const [width, height] = isSwapped ? [base.height, base.width] : [base.width, base.height];
  const luma = new Uint8Array(width * height);
  for (let y = 0, place = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1, place += 1) {
      const [across, down] = isSwapped ? [y, x] : [x, y];
      const column = fromRight ? base.width - 1 - across : across;
      const row = fromBelow ? base.height - 1 - down : down;
      luma[place] = base.levels[row * base.width + column] ?? 0;
    }
  return kernel.base(luma, width, height, "luma8");
}
