// SPDX-License-Identifier: Apache-2.0
/*
 * Finds the picture within a picture, as a partner does before it compares: the rules of stillmine.fingerprint.picture.trims, line for line.
 *
 * Only for "try it": must never be used to make what a case stores.
 */

/** Upright luma, a byte per pixel, row by row. */
export interface Luma {
  readonly width: number;
  readonly height: number;
  readonly bytes: Uint8Array;
}

/** Bounds of a picture inside; right and bottom are not part of it. */
export interface Part {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** What is left, and what was found above, below, left and right: 0 nothing, 1 a plain bar, 2 one with something on it. */
interface Bounds extends Part {
  readonly found: readonly [number, number, number, number];
}

interface Bar {
  readonly lines: number;
  readonly isPlain: boolean;
}

/** Lines of a view from one edge inwards: `at(line, place)` is a luma value. */
interface View {
  readonly lines: number;
  readonly length: number;
  at: (line: number, place: number) => number;
}

const TOLERANCE = 6;
const WRITTEN_SHARE = 0.4;
const PLAIN_SHARE = 0.95;
const MINIMUM_BAR = 0.015;
const MINIMUM_PART = 0.2;
const MINIMUM_PIXELS = 64;
const MINIMUM_STEP = 7;
const RINGING = 10;
const INSIDE = 50;
const INSIDE_SHARE = 0.5;
const SAMPLES = 256;
const ROUNDS = 4;

/** Return the pictures that may be inside, none for most; at most four. */
export function findParts(luma: Luma): readonly Part[] {
  const whole: Bounds = { left: 0, top: 0, right: luma.width, bottom: luma.height, found: [0, 0, 0, 0] };
  const plain = trim(luma, whole, false);
  const inner = trim(luma, whole, true);
  const candidates = [inner];
  if (inner.found[0] === 2 && inner.found[1] === 2) {
    const [above, below, left, right] = inner.found;
    candidates.push(
      { ...inner, top: plain.top, found: [0, below, left, right] },
      { ...inner, bottom: plain.bottom, found: [above, 0, left, right] },
    );
  }
  candidates.push(plain);
  const parts = new Map<string, Part>();
  for (const { left, top, right, bottom, found } of candidates) {
    const place = [left, top, right, bottom].join();
    if (found.some((kind) => kind > 0) && !parts.has(place)) parts.set(place, { left, top, right, bottom });
  }
  return [...parts.values()];
}

function trim(luma: Luma, whole: Bounds, mayBeWritten: boolean): Bounds {
  let bounds = whole;
  for (let round = 0; round < ROUNDS; round += 1) {
    const rows = trimRows(luma, bounds, mayBeWritten);
    bounds = trimColumns(luma, rows);
    if (bounds === rows) break;
  }
  return bounds;
}

function trimRows(luma: Luma, bounds: Bounds, mayBeWritten: boolean): Bounds {
  const { left, top, right, bottom, found } = bounds;
  const lines = bottom - top;
  const smallest = Math.max(MINIMUM_PIXELS, Math.floor(MINIMUM_PART * luma.height));
  const pixel = (row: number, column: number): number => luma.bytes[(top + row) * luma.width + left + column] ?? 0;
  const above = findBar({ lines, length: right - left, at: pixel }, smallest, mayBeWritten);
  const below = findBar(
    { lines, length: right - left, at: (line, place) => pixel(lines - 1 - line, place) },
    smallest,
    mayBeWritten,
  );
  if (lines - above.lines - below.lines < smallest) return bounds;
  return {
    ...bounds,
    top: top + above.lines,
    bottom: bottom - below.lines,
    found: [kindOf(above, found[0]), kindOf(below, found[1]), found[2], found[3]],
  };
}

/** Returns the same object where there is nothing at the sides. */
function trimColumns(luma: Luma, bounds: Bounds): Bounds {
  const { left, top, right, bottom, found } = bounds;
  const lines = right - left;
  const smallest = Math.max(MINIMUM_PIXELS, Math.floor(MINIMUM_PART * luma.width));
  const pixel = (column: number, row: number): number => luma.bytes[(top + row) * luma.width + left + column] ?? 0;
  const before = findBar({ lines, length: bottom - top, at: pixel }, smallest, false);
  const after = findBar(
    { lines, length: bottom - top, at: (line, place) => pixel(lines - 1 - line, place) },
    smallest,
    false,
  );
  if (lines - before.lines - after.lines < smallest || before.lines + after.lines === 0) return bounds;
  return {
    ...bounds,
    left: left + before.lines,
    right: right - after.lines,
    found: [found[0], found[1], kindOf(before, found[2]), kindOf(after, found[3])],
  };
}

function kindOf(bar: Bar, known: number): number {
  return bar.lines === 0 ? known : Math.max(known, bar.isPlain ? 1 : 2);
}

/** The bar at the first line, if one leaves at least `smallest` lines: of the places where one may end, the sharpest. */
function findBar(view: View, smallest: number, mayBeWritten: boolean): Bar {
  const sampled = sample(view);
  const inside = Math.max(3, Math.floor(view.lines / INSIDE));
  let best: Bar = { lines: 0, isPlain: true };
  let bestHeight = MINIMUM_STEP;
  for (const { near, isPlain } of walk(sampled, mayBeWritten ? WRITTEN_SHARE : PLAIN_SHARE)) {
    if (near < Math.max(3, MINIMUM_BAR * view.lines) || view.lines - near < smallest) continue;
    const ground = median(sampled[near - 1] ?? []);
    const { end, height } = findStep(sampled, near);
    const after = sampled.slice(end, end + inside);
    const isOver = after.length > 0 && mean(after.map((line) => shareOf(line, ground))) < INSIDE_SHARE;
    if (isOver && height >= bestHeight) {
      best = { lines: end, isPlain };
      bestHeight = height;
    }
  }
  return best;
}

type Line = readonly number[];

function sample({ lines, length, at }: View): readonly Line[] {
  const step = Math.max(1, Math.floor(length / SAMPLES));
  const places = Array.from({ length: Math.ceil(length / step) }, (_, place) => place * step);
  return Array.from({ length: lines }, (_, line) => places.map((place) => at(line, place)));
}

/** Where a bar at the first line may end, and whether it is plain up to there: at each change of its ground, and where there is none any more. */
function walk(
  lines: readonly Line[],
  leastShare: number,
): readonly { readonly near: number; readonly isPlain: boolean }[] {
  const ends: { near: number; isPlain: boolean }[] = [];
  const shares: number[] = [];
  let ground = -1;
  for (const [number, line] of lines.entries()) {
    let share = shareOf(line, ground);
    if (share < leastShare) {
      if (number > 0)
        ends.push({
          near: number,
          isPlain: Math.min(1, ...shares.slice(0, Math.max(0, shares.length - RINGING))) >= PLAIN_SHARE,
        });
      ground = median(line);
      share = shareOf(line, ground);
      if (share < PLAIN_SHARE) break;
    }
    shares.push(share);
  }
  return ends;
}

/** The line near the end of a bar that differs most from the one before, and by how much in the mean. */
function findStep(lines: readonly Line[], end: number): { readonly end: number; readonly height: number } {
  const first = Math.max(1, end - 2);
  const near = lines.slice(first - 1, end + RINGING + 1);
  const steps = near
    .slice(1)
    .map((line, place) => mean(line.map((value, own) => Math.abs(value - (near[place]?.[own] ?? 0)))));
  const height = Math.max(...steps);
  return { end: first + steps.indexOf(height), height };
}

function shareOf(line: Line, ground: number): number {
  let like = 0;
  for (const value of line) if (Math.abs(value - ground) <= TOLERANCE) like += 1;
  return like / line.length;
}

function median(line: Line): number {
  const sorted = [...line].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
