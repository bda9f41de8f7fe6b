// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { Kernel } from "@kernel/kernel";
import { describe, expect, test } from "vitest";
import { BarFinder } from "../src/fingerprint/bars";
import { FrameTimes, type Span } from "../src/fingerprint/frame_times";
import { mergeSamples, vpdqOf, type Sample } from "../src/fingerprint/runs";
import { changeOf, toSixteenBit } from "../src/fingerprint/sound";
import { Stages } from "../src/fingerprint/stages";

const SECOND = 1_000_000;
const WASM = new URL("../../kernel/bindings/wasm/stillmine_pdq.wasm", import.meta.url);
const kernel = await Kernel.load(readFileSync(WASM));

/** The spans of pictures that begin at these seconds, the last one staying for `last` seconds. */
function spansOf(starts: readonly number[], last: number): (Span | null)[] {
  const times = new FrameTimes();
  const spans = starts.map((start, place) =>
    times.next(start * SECOND, (place === starts.length - 1 ? last : 0.04) * SECOND),
  );
  return [...spans.slice(1), times.end()];
}

describe("the picture on screen at each second", () => {
  test.each<[string, number[], number, ([number, number] | null)[]]>([
    ["three a second", [0, 0.4, 0.8, 1.2], 0.4, [[0, 0], null, [1, 1], null]],
    [
      "exactly on the second",
      [0, 1, 2],
      1,
      [
        [0, 0],
        [1, 1],
        [2, 2],
      ],
    ],
    [
      "long ones",
      [0, 3.5],
      2,
      [
        [0, 3],
        [4, 5],
      ],
    ],
    [
      "a first picture that comes late is time 0",
      [5.5, 6.4],
      0.2,
      [
        [0, 0],
        [1, 1],
      ],
    ],
    ["times that go back", [0, 1.5, 1.2], 0.4, [[0, 1], null, null]],
    [
      "a last one without a duration",
      [0, 1],
      0,
      [
        [0, 0],
        [1, 1],
      ],
    ],
  ])("%s", (_, starts, last, spans) => {
    expect(spansOf(starts, last)).toEqual(spans.map((span) => span && { first: span[0], last: span[1] }));
  });

  test("ends at two hours", () => {
    const times = new FrameTimes();
    times.next(0, 0);
    expect(times.next(7_200 * SECOND, SECOND)).toBeNull();
    expect(times.isLimited).toBe(true);
  });
});

describe("runs", () => {
  const hash = (bits: number): Uint8Array =>
    Uint8Array.from({ length: 32 }, (_, place) => (place === 0 ? 2 ** bits - 1 : 0));
  const sample = (bits: number, first: number, last = first, quality = 90): Sample => ({
    hash: hash(bits),
    quality,
    first,
    last,
  });
  const spans = (samples: readonly Sample[]): number[][] =>
    mergeSamples(samples).map(({ first, last }) => [first, last]);

  test("join while they stay within 4 bits of their first", () => {
    expect(spans([sample(0, 0), sample(3, 1), sample(4, 2), sample(5, 3)])).toEqual([
      [0, 2],
      [3, 3],
    ]);
  });
  test("end with a gap in time", () => {
    expect(spans([sample(0, 0), sample(0, 2)])).toEqual([
      [0, 0],
      [2, 2],
    ]);
  });
  test("are written as their first and last second, without frames that have no detail", () => {
    const made = vpdqOf([sample(0, 0, 3, 60), sample(8, 4, 4, 49), sample(8, 5, 5, 80)], (of) => String(of[0]));
    expect(made).toEqual({ value: '["0,60,0","0,60,3","255,80,5"]', quality: 80 });
  });
  test("of nothing with detail there are none", () => {
    expect(vpdqOf([sample(0, 0, 3, 49)], String)).toBeNull();
  });
});

describe("bars", () => {
  /** A picture whose rows have these brightnesses, all columns alike. */
  const rows = (brightness: (row: number) => number, width = 100, height = 100): Uint8ClampedArray =>
    Uint8ClampedArray.from({ length: 4 * width * height }, (_, place) =>
      place % 4 === 3 ? 255 : brightness(Math.floor(place / 4 / width)),
    );
  const boundsOf = (...pictures: Uint8ClampedArray[]): number[] => {
    const finder = new BarFinder(kernel, 100, 100);
    for (const one of pictures) finder.learn(one);
    const { left, top, right, bottom } = finder.bounds();
    return [left, top, right, bottom];
  };

  test("above and below are found", () => {
    expect(boundsOf(rows((row) => (row < 10 || row >= 80 ? 20 : 200)))).toEqual([0, 10, 100, 80]);
  });
  test("are what stays black in every picture", () => {
    expect(
      boundsOf(
        rows((row) => (row < 30 ? 0 : 200)),
        rows((row) => (row < 10 ? 0 : 200)),
      ),
    ).toEqual([0, 10, 100, 100]);
  });
  test("lose their blurred edge", () => {
    expect(boundsOf(rows((row) => (row < 10 ? 0 : row < 12 ? 60 : 200)))).toEqual([0, 12, 100, 100]);
  });
  test.each<[string, (row: number) => number]>([
    ["narrower than 2 %", (row) => (row < 1 ? 0 : 200)],
    ["of more than 60 %", (row) => (row < 61 ? 0 : 200)],
    ["all black", () => 10],
  ])("%s are none", (_, brightness) => {
    expect(boundsOf(rows(brightness))).toEqual([0, 0, 100, 100]);
  });
  test("that differ by half a percent are as good as the same", () => {
    const bounds = { left: 0, top: 0, right: 200, bottom: 200 };
    expect(kernel.areCloseBounds(bounds, { ...bounds, top: 1 }, 200, 200)).toBe(true);
    expect(kernel.areCloseBounds(bounds, { ...bounds, top: 2 }, 200, 200)).toBe(false);
  });
});

describe("sound", () => {
  test("is rounded to 16 bit and never wraps", () => {
    expect([...toSixteenBit(Float32Array.of(0, 0.5, -1, 1, 2, -2))]).toEqual([
      0, 16_384, -32_768, 32_767, 32_767, -32_768,
    ]);
  });
  test("changes by the share of bits that differ", () => {
    expect(changeOf(Uint32Array.of(0, 0xffffffff, 0xffffffff))).toBe(0.5);
    expect(changeOf(Uint32Array.of(7))).toBe(0);
  });
});

test("progress never goes back and ends with the last stage", () => {
  const told: number[] = [];
  const stages = new Stages((share) => told.push(share));
  const [one, two] = [stages.next(0.75), stages.next(1)];
  for (const share of [0, 0.5, 0.4, 1]) one(share);
  for (const share of [0, 1]) two(share);
  expect(told).toEqual([0.375, 0.75, 1]);
});
