// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { Kernel } from "@kernel/kernel";
import { expect, test } from "vitest";
import { BarFinder } from "../src/fingerprint/bars";
import { readText } from "./files";

type Paint = readonly (readonly [number, number, number, number, number, number, number])[];

interface Sized {
  readonly width: number;
  readonly height: number;
}
interface Trims extends Sized {
  readonly paint: Paint;
  readonly parts: readonly (readonly number[])[];
}
interface Bars extends Sized {
  readonly pictures: readonly Paint[];
  readonly bounds: readonly [number, number, number, number];
  readonly close: readonly { readonly other: readonly [number, number, number, number]; readonly is_close: boolean }[];
}

const { trims } = JSON.parse(readText("vectors/trims.json")) as { trims: readonly Trims[] };
const { bars } = JSON.parse(readText("vectors/bars.json")) as { bars: readonly Bars[] };
const kernel = await Kernel.load(
  readFileSync(new URL("../../kernel/bindings/wasm/stillmine_pdq.wasm", import.meta.url)),
);

function paint({ width, height }: Sized, rectangles: Paint): Uint8Array {
  const picture = new Uint8Array(width * height);
  for (const [left, top, right, bottom, first, across, down] of rectangles)
    for (let row = 0; row < bottom - top; row += 1)
      for (let column = 0; column < right - left; column += 1)
        picture[(top + row) * width + left + column] = (first + across * column + down * row) % 256;
  return picture;
}

test.each(trims.map((vector, place) => [place, vector] as const))("parts of picture %i", (_, vector) => {
  const found = kernel.findParts({ width: vector.width, height: vector.height, bytes: paint(vector, vector.paint) });
  expect(found.map(({ left, top, right, bottom }) => [left, top, right, bottom])).toEqual(
    vector.parts.map((part) => part.slice(0, 4)),
  );
});

test.each(bars.map((vector, place) => [place, vector] as const))("bars of video %i", (_, vector) => {
  const { width, height, pictures, bounds, close } = vector;
  const finder = new BarFinder(kernel, width, height);
  for (const picture of pictures) {
    const grey = paint(vector, picture);
    finder.learn(Uint8Array.from({ length: 4 * grey.length }, (__, at) => (at % 4 === 3 ? 255 : (grey[at >> 2] ?? 0))));
  }
  const { left, top, right, bottom } = finder.bounds();
  expect([left, top, right, bottom]).toEqual(bounds);
  for (const { other, is_close } of close) {
    const [otherLeft, otherTop, otherRight, otherBottom] = other;
    const moved = { left: otherLeft, top: otherTop, right: otherRight, bottom: otherBottom };
    expect(kernel.areCloseBounds(finder.bounds(), moved, width, height)).toBe(is_close);
  }
});
