// SPDX-License-Identifier: Apache-2.0
import { generate } from "lean-qr";
import { expect, test } from "vitest";
import { pathOf } from "../src/protect/qr_code";

test("the QR path draws exactly the dark cells, with a quiet zone of four", () => {
  const code = generate("7K3M-AAAA-BBBB-CCCC-DDDD");
  const drawn = new Set<string>();
  for (const [, x, y, length] of pathOf(code).matchAll(/M(\d+) (\d+)h(\d+)/g)) {
    for (let step = 0; step < Number(length); step += 1) drawn.add(`${Number(x) - 4 + step},${Number(y) - 4}`);
  }
  const dark = new Set<string>();
  for (let y = 0; y < code.size; y += 1)
    for (let x = 0; x < code.size; x += 1) if (code.get(x, y)) dark.add(`${x},${y}`);
  expect(drawn).toEqual(dark);
});
