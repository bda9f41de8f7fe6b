// SPDX-License-Identifier: Apache-2.0
/* Edit lists as files have them, and as only hostile ones do. */

import { describe, expect, it } from "vitest";
import vectors from "../../vectors/edit_lists.json" with { type: "json" };
import { endOf, shownParts, startOf, WHOLE } from "../src/fingerprint/shown_parts";

type Bytes = readonly number[];

const number = (value: number, bytes = 4): Bytes =>
  Array.from({ length: bytes }, (_, place) => Math.floor(value / 256 ** (bytes - 1 - place)) % 256);
const box = (kind: string, ...content: Bytes[]): Bytes => {
  const body = content.flat();
  return [...number(8 + body.length), ...[...kind].map((letter) => letter.charCodeAt(0)), ...body];
};
const header = (kind: string, value: number): Bytes => box(kind, number(0), number(0), number(0), number(value));
const MINUS_ONE = [255, 255, 255, 255];
const edit = (duration: number, begin: number, rate = 1): Bytes => [
  ...number(duration),
  ...(begin < 0 ? MINUS_ONE : number(begin)),
  ...number(rate * 0x10000),
];
const list = (...edits: Bytes[]): Bytes => box("edts", box("elst", number(0), number(edits.length), ...edits));
/** Ticks of the movie are tenths of a second, those of the track hundredths. */
const movie = (edits: Bytes, ...more: Bytes[]): Blob => {
  const track = (id: number, own: Bytes): Bytes =>
    box("trak", header("tkhd", id), own, box("mdia", header("mdhd", 100)));
  return new Blob([
    new Uint8Array([
      ...box("ftyp", number(0)),
      ...box("moov", header("mvhd", 10), track(1, []), track(2, edits), ...more),
    ]),
  ]);
};

interface Vector {
  readonly name: string;
  readonly version?: number;
  readonly says?: number;
  readonly scale?: number;
  readonly is_fragmented?: boolean;
  readonly edits: readonly (readonly number[])[];
  readonly parts: readonly (readonly (number | null)[])[] | null;
}

/** Ticks of the movie are tenths of a second. */
function movieOf({ version = 0, says, scale = 100, is_fragmented: isFragmented = false, edits }: Vector): Blob {
  const bytes = version === 1 ? 8 : 4;
  const signed = (value: number): Bytes =>
    value < 0 ? Array.from({ length: bytes }, () => 255) : number(value, bytes);
  const entries = edits.map(([duration = 0, begin = 0, rate = 0]) => [
    ...number(duration, bytes),
    ...signed(begin),
    ...number(rate),
  ]);
  const own = box("edts", box("elst", [version, 0, 0, 0], number(says ?? edits.length), ...entries));
  const track = box("trak", header("tkhd", 2), own, box("mdia", header("mdhd", scale)));
  return new Blob([new Uint8Array(box("moov", header("mvhd", 10), track, isFragmented ? box("mvex") : []))]);
}

describe("the parts of the vectors, as the server reads them", () => {
  it.each(vectors.edit_lists as readonly Vector[])("$name", async (vector) => {
    const { parts, edits, scale = 100 } = vector;
    const found = await shownParts(movieOf(vector), 2);
    const [first] = edits.filter(([, begin]) => begin !== -1);
    const before = edits.slice(0, first ? edits.indexOf(first) : 0).reduce((sum, [duration = 0]) => sum + duration, 0);
    const zero = (first?.[1] ?? 0) - Math.round((before * scale) / 10);
    const inTicks = found?.map(({ from, to, shift }) => [
      from * scale + zero,
      Number.isFinite(to) ? to * scale + zero : null,
      (from + shift) * scale,
    ]);
    const rounded = inTicks?.map((part) => part.map((ticks) => (ticks === null ? null : Math.round(ticks)))) ?? null;
    expect(parts?.length === 0 ? found : rounded).toEqual(parts?.length === 0 ? WHOLE : parts);
  });
});

describe("which parts of a track are shown", () => {
  it("is the whole track without a list, with an empty one, or in a file of another kind", async () => {
    expect(await shownParts(movie([]), 2)).toBe(WHOLE);
    expect(await shownParts(movie(list()), 2)).toBe(WHOLE);
    expect(await shownParts(movie(list(edit(10, 500))), 1)).toBe(WHOLE);
    expect(await shownParts(new Blob([new Uint8Array([0x1a, 0x45, 0xdf, 0xa3, 0, 0, 0, 0, 1, 1, 1, 1])]), 2)).toBe(
      WHOLE,
    );
  });

  it("counts from the first part that is shown, in both widths of numbers", async () => {
    const wide = box("edts", box("elst", [1, 0, 0, 0], number(1), number(30, 8), number(650, 8), number(0x10000)));
    for (const edits of [list(edit(30, 650)), wide])
      expect(await shownParts(movie(edits), 2)).toEqual([{ from: 0, to: 3, shift: 0 }]);
  });

  it("puts parts one after the other, and leaves room for empty edits", async () => {
    const parts = await shownParts(movie(list(edit(20, -1), edit(10, 500), edit(5, -1), edit(10, 300))), 2);
    expect(parts).toEqual([
      { from: 2, to: 3, shift: 0 },
      { from: 0, to: 1, shift: 3.5 },
    ]);
    expect([startOf(parts ?? [], -5), endOf(parts ?? [], 10), endOf(parts ?? [], 0.5)]).toEqual([2, 4.5, 4]);
  });

  it("goes on to the end without a length, and in fragments", async () => {
    const open = [{ from: 0, to: Infinity, shift: 0 }];
    expect(await shownParts(movie(list(edit(0, 40))), 2)).toEqual(open);
    expect(await shownParts(movie(list(edit(7, 40)), box("mvex")), 2)).toEqual(open);
    expect(endOf(open, null)).toBeNull();
  });

  it("is not guessed where the list can't be followed", async () => {
    expect(await shownParts(movie(list(edit(10, 0), edit(10, 0, 2))), 2)).toBeNull();
    expect(await shownParts(movie(list(edit(10, -1))), 2)).toBeNull();
    expect(await shownParts(movie(list(...Array.from({ length: 257 }, () => edit(1, 0)))), 2)).toBeNull();
    expect(await shownParts(movie(box("edts", box("elst", number(0), number(9), edit(1, 0)))), 2)).toBeNull();
  });

  it("ends in a file of boxes that go nowhere", async () => {
    expect(await shownParts(new Blob([new Uint8Array(64)]), 2)).toBe(WHOLE);
    expect(await shownParts(new Blob([new Uint8Array([...number(4), ...number(0), ...box("moov")])]), 2)).toBe(WHOLE);
    expect(await shownParts(new Blob([new Uint8Array([...number(9e8), 0x6d, 0x6f, 0x6f, 0x76])]), 2)).toBe(WHOLE);
  });
});
