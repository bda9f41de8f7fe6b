// SPDX-License-Identifier: Apache-2.0
/*
 * Black bars that are there the whole time, and the part of the pictures between them: the rules of
 * stillmine.fingerprint.moving.bars. Must never trim what was ever visible.
 */

const MAXIMUM_BLACK = 24;
const MAXIMUM_DARK = 96;
const MAXIMUM_EDGE = 1 / 64;
const MINIMUM_BAR = 1 / 50;
const MAXIMUM_TRIMMED = 0.6;
const TOLERATED = 1 / 200;

/** The part of a picture that is looked at, in pixels; right and bottom are not part of it. */
export interface Bounds {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Whether fingerprints within both are as good as the same. */
export function areClose(one: Bounds, other: Bounds, width: number, height: number): boolean {
  const across = Math.max(Math.abs(one.left - other.left), Math.abs(one.right - other.right));
  const down = Math.max(Math.abs(one.top - other.top), Math.abs(one.bottom - other.bottom));
  return across <= TOLERATED * width && down <= TOLERATED * height;
}

/** Learns the bounds of the visible part from one opaque RGBA picture after another, all of one size. */
export class BarFinder {
  readonly #rows: Uint8Array;
  readonly #columns: Uint8Array;
  #hasLearned = false;

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.#rows = new Uint8Array(height);
    this.#columns = new Uint8Array(width);
  }

  /** Take in a picture that has detail. */
  learn(pixels: Uint8ClampedArray): void {
    this.#hasLearned = true;
    let place = 0;
    for (let row = 0; row < this.height; row += 1) {
      let brightestOfRow = this.#rows[row] ?? 0;
      for (let column = 0; column < this.width; column += 1, place += 4) {
        const brightest = Math.max(pixels[place] ?? 0, pixels[place + 1] ?? 0, pixels[place + 2] ?? 0);
        if (brightest > brightestOfRow) brightestOfRow = brightest;
        if (brightest > (this.#columns[column] ?? 0)) this.#columns[column] = brightest;
      }
      this.#rows[row] = brightestOfRow;
    }
  }

  /** Return what to look at; all of it where nothing was learned. */
  bounds(): Bounds {
    if (!this.#hasLearned) return { left: 0, top: 0, right: this.width, bottom: this.height };
    const [left, right] = visible(this.#columns);
    const [top, bottom] = visible(this.#rows);
    return { left, top, right, bottom };
  }
}

function visible(brightest: Uint8Array): [number, number] {
  const length = brightest.length;
  const first = brightest.findIndex((value) => value > MAXIMUM_BLACK);
  if (first < 0) return [0, length];
  let end = length;
  while ((brightest[end - 1] ?? 0) <= MAXIMUM_BLACK) end -= 1;
  if (length - (end - first) > MAXIMUM_TRIMMED * length) return [0, length];
  const edge = Math.ceil(MAXIMUM_EDGE * length);
  const start = first >= MINIMUM_BAR * length ? first + darkEdge(brightest.slice(first, first + edge)) : 0;
  const stop =
    length - end >= MINIMUM_BAR * length
      ? end - darkEdge(brightest.slice(Math.max(0, end - edge), end).reverse())
      : length;
  return [start, stop];
}

/** How many of these, from a bar inwards, are dark without a break. */
function darkEdge(brightest: Uint8Array): number {
  const bright = brightest.findIndex((value) => value > MAXIMUM_DARK);
  return bright < 0 ? brightest.length : bright;
}
