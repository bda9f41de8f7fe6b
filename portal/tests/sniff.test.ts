// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { isAnimated } from "../src/fingerprint/animated";
import { familyOf, type Family } from "../src/fingerprint/sniff";
import { readBytes, readText } from "./files";

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (sign) => sign.charCodeAt(0));

describe("what the first bytes say", () => {
  test.each<[string, Family]>([
    ["\xff\xd8\xff\xe0", "picture"],
    ["\x89PNG\r\n\x1a\n", "animatable"],
    ["GIF89a", "animatable"],
    ["RIFF\0\0\0\0WEBP", "animatable"],
    ["BM\0\0", "picture"],
    ["II*\0", "picture"],
    ["MM\0*", "picture"],
    ["\0\0\0\x1cftypavif", "picture"],
    ["\0\0\0\x1cftypheic", "heif"],
    ["\0\0\0\x1cftypmif1", "heif"],
    ["\0\0\0\x1cftypisom", "video"],
    ["\0\0\0\x14ftypqt  ", "video"],
    ["\0\0\0\x1cftyp3gp4", "video"],
    ["\0\0\0\x08wide", "video"],
    ["\x1aE\xdf\xa3", "video"],
    ["RIFF\0\0\0\0AVI ", "video"],
    ["RIFF\0\0\0\0WAVE", "sound"],
    ["ID3\x04", "sound"],
    ["\xff\xfb\x90\x64", "sound"],
    ["\xff\xf1\x50\x80", "sound"],
    ["OggS", "sound"],
    ["fLaC", "sound"],
    ["#!AMR", "sound"],
    ["FORM\0\0\0\0AIFF", "sound"],
    ["FORM\0\0\0\0AIFC", "sound"],
    ["caff", "sound"],
    ["hello", "unknown"],
    ["RIFF\0\0\0\0RMID", "unknown"],
    ["%PDF-1.7", "unknown"],
    ["", "unknown"],
  ])("%j is %s", (start, family) => {
    expect(familyOf(bytes(start))).toBe(family);
  });
});

interface Vector {
  readonly is: string;
  readonly start: readonly (readonly [string, number])[];
}

const startOf = ({ start }: Vector): Uint8Array =>
  Uint8Array.from(
    start.flatMap(([digits, zeros]) => [...Buffer.from(digits, "hex"), ...new Array<number>(zeros).fill(0)]),
  );

/** The same rules as the server's; a picture that libheif may have to read is a family of its own here. */
describe("the families of the vectors", () => {
  const { families } = JSON.parse(readText("vectors/families.json")) as { families: readonly Vector[] };

  test.each(families.map((vector) => [JSON.stringify(vector.start).slice(0, 60), vector] as const))(
    "%s",
    (_, vector) => {
      const family = familyOf(startOf(vector));
      expect(family === "heif" ? "picture" : family).toBe(vector.is);
    },
  );
});

describe("both sides of each rule of the vectors", () => {
  const { rules } = JSON.parse(readText("vectors/sniff.json")) as { rules: Record<string, readonly Vector[]> };

  test.each(Object.entries(rules))("%s", (_, vectors) => {
    expect(vectors.length).toBeGreaterThan(0);
    expect(vectors.map((vector) => ({ ...vector, is: familyOf(startOf(vector)) }))).toEqual(vectors);
  });
});

describe("what moves", () => {
  const frame = "\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0";
  const gif = (frames: number): string =>
    `GIF89a\x01\0\x01\0\x80\0\0${"\0".repeat(6)}\x21\xf9\x04\0\x0a\0\0\0${frame.repeat(frames)}\x3b`;
  const chunk = (name: string, data: string): string =>
    `\0\0\0${String.fromCharCode(data.length)}${name}${data}\0\0\0\0`;
  const png = (...chunks: string[]): string => `\x89PNG\r\n\x1a\n${chunk("IHDR", "\0".repeat(13))}${chunks.join("")}`;

  test.each<[string, string, boolean]>([
    ["two frames of a GIF", gif(2), true],
    ["one frame of a GIF", gif(1), false],
    ["a GIF that is cut in its second frame", gif(2).slice(0, -18), false],
    ["a PNG with two frames", png(chunk("acTL", "\0\0\0\x02\0\0\0\0"), chunk("IDAT", "x")), true],
    ["a PNG with one", png(chunk("acTL", "\0\0\0\x01\0\0\0\0"), chunk("IDAT", "x")), false],
    ["a still PNG", png(chunk("IDAT", "x"), chunk("acTL", "\0\0\0\x02\0\0\0\0")), false],
    ["a WebP whose flag says so", `RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x02`, true],
    ["one whose flag says no", `RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x10`, false],
    ["a plain WebP", `RIFF\0\0\0\0WEBPVP8 \x0a\0\0\0\x02`, false],
    ["nothing", "", false],
  ])("%s", (_, file, moves) => {
    expect(isAnimated(bytes(file))).toBe(moves);
  });

  test("a photograph does not", () => {
    expect(isAnimated(readBytes("media/skimage/chelsea.png"))).toBe(false);
    expect(isAnimated(readBytes("media/skimage/chelsea_small.gif"))).toBe(false);
  });
});
