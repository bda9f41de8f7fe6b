// SPDX-License-Identifier: Apache-2.0
import vectors from "../../vectors/padding.json" with { type: "json" };
import { expect, test } from "vitest";
import { padded, paddingOf } from "../src/wire/padding";

test.each(vectors.padded_sizes)("%i bytes become %i", (size = 0, step = 0) => {
  const message = padded(new Uint8Array(size).fill(0x7b));
  expect(message.length).toBe(step);
  expect(paddingOf(message)).toBe(step - size);
});

test("only spaces are added", () => {
  expect(new TextDecoder().decode(padded(new TextEncoder().encode("{}")))).toBe(`{}${" ".repeat(16382)}`);
});
