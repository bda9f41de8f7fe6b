// SPDX-License-Identifier: Apache-2.0
import { expect, test } from "vitest";
import { readOrientation } from "../src/fingerprint/exif";
import vectors from "../../vectors/exif.json" with { type: "json" };

test.each(vectors.cases)("$name", ({ exif, orientation }) => {
  expect(readOrientation(Uint8Array.from(exif.match(/../g) ?? [], (digits) => parseInt(digits, 16)))).toBe(orientation);
});
