// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { shrinkOf } from "../src/fingerprint/picture_hash";
import { UndecodableError } from "../src/fingerprint/problems";
import { readHeader } from "../src/fingerprint/header";

const bytes = (...parts: (readonly number[] | string)[]): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(
    parts.flatMap((part) => (typeof part === "string" ? [...part].map((sign) => sign.charCodeAt(0)) : [...part])),
  );
const big = (value: number): number[] => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
const little = (value: number): number[] => big(value).reverse();
const pngChunk = (name: string, data: readonly number[]): Uint8Array =>
  bytes(big(data.length), name, data, [0, 0, 0, 0]);
const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

const png = (width: number, height: number): Uint8Array<ArrayBuffer> =>
  bytes(
    PNG,
    [...pngChunk("IHDR", [...big(width), ...big(height), 8, 2, 0, 0, 0])],
    [...pngChunk("IDAT", [1, 2, 3])],
    [...pngChunk("IEND", [])],
  );
/** With a thumbnail's end marker inside a segment, which must not count as the end of the picture. */
const jpeg = (width: number, height: number): Uint8Array<ArrayBuffer> =>
  bytes(
    [0xff, 0xd8, 0xff, 0xe1, 0, 6, 1, 2, 0xff, 0xd9, 0xff, 0xff],
    [0xc0, 0, 8, 8, height >> 8, height & 255, width >> 8, width & 255, 1],
    [0xff, 0xda, 0, 3, 1, 0x11, 0x22, 0x33, 0xff, 0xd9],
  );
/** One row of 16 pixels. */
const wholeBmp = bytes(
  "BM",
  little(102),
  [0, 0, 0, 0],
  little(54),
  little(40),
  little(16),
  little(1),
  [1, 0, 24, 0],
  Array<number>(72).fill(0),
);
const gif = bytes("GIF89a", [64, 1, 200, 0], [0, 0, 0, 0x3b]);
const webpExtended = bytes("RIFF", little(22), "WEBP", "VP8X", little(10), [0, 0, 0, 0], [63, 1, 0], [199, 0, 0]);
const webpLossless = bytes("RIFF", little(18), "WEBP", "VP8L", little(5), [0x2f], little(319 | (199 << 14)), [0]);
const bmp = bytes(
  "BM",
  little(58),
  [0, 0, 0, 0],
  little(54),
  little(40),
  little(320),
  little(-200 >>> 0),
  [1, 0, 24, 0],
  Array<number>(28).fill(0),
);

describe("sizes", () => {
  test.each<[string, Uint8Array]>([
    ["PNG", png(320, 200)],
    ["JPEG", jpeg(320, 200)],
    ["GIF", gif],
    ["WebP", webpExtended],
    ["lossless WebP", webpLossless],
    ["BMP", bmp],
  ])("of %s", (_, file) => {
    expect(readHeader(file)).toEqual({ width: 320, height: 200, isTruncated: file === bmp });
  });

  test("other kinds are left to the browser", () => {
    expect(readHeader(bytes("\0\0\0\x18ftypheic\0\0\0\0mif1"))).toBeNull();
    expect(readHeader(bytes("hello"))).toBeNull();
  });
});

test.each<[string, Uint8Array]>([
  ["PNG", png(320, 200)],
  ["JPEG", jpeg(320, 200)],
  ["WebP", webpExtended],
  ["BMP", wholeBmp],
])("a %s that ends early is noticed wherever it was cut", (_, file) => {
  const lengths = Array.from({ length: file.length - 12 }, (_unused, place) => place + 12);
  for (const length of lengths) expect(readHeader(file.slice(0, length))?.isTruncated).toBe(true);
});

describe("pictures that are refused before decoding", () => {
  const refusalOf = (file: Uint8Array<ArrayBuffer>): string => {
    try {
      return `none, shrunk by ${shrinkOf(file, readHeader(file))}`;
    } catch (error) {
      return error instanceof UndecodableError ? error.reason : "another error";
    }
  };
  test.each<[string, Uint8Array<ArrayBuffer>, string]>([
    ["a billion pixels", png(32_000, 32_000), "picture_too_large"],
    ["one endless side", png(40_000, 10), "picture_too_large"],
    ["100 megapixels that can't be decoded smaller", png(10_000, 10_000), "picture_too_large"],
    ["270 megapixels", jpeg(16_500, 16_500), "picture_too_large"],
    ["four pixels", png(4, 4), "too_small"],
    ["a photograph", jpeg(4000, 3000), "none, shrunk by 1"],
    ["108 megapixels", jpeg(12_000, 9000), "none, shrunk by 8"],
    ["200 megapixels", jpeg(16_320, 12_240), "none, shrunk by 8"],
    ["a panorama", jpeg(32_000, 2800), "none, shrunk by 4"],
  ])("%s", (_, file, refusal) => {
    expect(refusalOf(file)).toBe(refusal);
  });
});
