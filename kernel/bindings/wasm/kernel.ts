// SPDX-License-Identifier: Apache-2.0
/**
 * The kernel in the browser: pixels in, hashes and a quality out, or where a picture lies within another. Contract: spec/fingerprint.md.
 *
 * Holds no algorithm, only memory and error words. Must never keep pixels: rows pass through a small window that is
 * wiped afterwards, and the kernel wipes its own state. Types can be stripped without a compiler.
 */

import {
  HASH_BYTES,
  KernelError,
  KernelMemory,
  loadExports,
  PIXEL_FORMATS,
  Places,
  requireOk,
  roundUp,
  rowsAtOnce,
  type MemoryExports,
  type PixelBytes,
  type PixelFormat,
  type Program,
} from "./memory.ts";

/** What was done to the picture that is asked about, in the order of the hashes; turns are counter-clockwise. */
export const VARIANTS = [
  "original",
  "rotate90",
  "rotate180",
  "rotate270",
  "flip_horizontal",
  "flip_vertical",
  "transpose",
  "transverse",
] as const;

/** 1 takes half the time; 8 is for asking whether a turned or mirrored copy is known. */
export type VariantCount = 1 | 8;

/** By how much a decoder may have made a picture smaller along both axes. */
export type Shrink = 1 | 2 | 4 | 8;

export interface PdqResult {
  /** Hashes of 32 bytes: all eight in the order of VARIANTS, or the original only. A case stores only the first. */
  readonly hashes: readonly Uint8Array[];
  /** 0 to 100; below 50 a picture has too little detail to be matched. */
  readonly quality: number;
}

/** Upright luma, a byte per pixel, row by row. */
export interface Luma {
  readonly width: number;
  readonly height: number;
  readonly bytes: Uint8Array;
}

/** A part of a picture, in pixels; right and bottom are not in it. */
export interface Bounds {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** What is learned of a video's pictures, all of one size: the brightest value of each row and column. Begins as zeros. */
export interface Brightest {
  readonly rows: Uint8Array;
  readonly columns: Uint8Array;
}

interface KernelExports extends MemoryExports {
  stillmine_measure_shrunk_pdq(width: number, height: number, format: number, variants: number, shrink: number, stateBytes: number): number;
  stillmine_begin_shrunk_pdq(
    state: number,
    stateBytes: number,
    width: number,
    height: number,
    format: number,
    variants: number,
    shrink: number,
  ): number;
  stillmine_add_pdq_rows(state: number, rows: number, rowStride: number, rowCount: number): number;
  stillmine_finish_pdq(state: number, hashes: number, quality: number): number;
  stillmine_find_parts(luma: number, rowStride: number, width: number, height: number, parts: number): number;
  stillmine_learn_bars(
    pixels: number,
    rowStride: number,
    width: number,
    rowCount: number,
    channels: number,
    rows: number,
    columns: number,
  ): void;
  stillmine_find_bars(rows: number, height: number, columns: number, width: number, bounds: number): void;
  stillmine_are_close_bounds(one: number, other: number, width: number, height: number): number;
}

const MAX_DIMENSION = 32768;
/** Left, top, right, bottom, and of a part what was found at its four sides. */
const BOUNDS_BYTES = 4 * 4;
const PART_BYTES = 8 * 4;
const MAX_PARTS = 4;
/** Behind the hashes of a result. */
const QUALITY_AT = VARIANTS.length * HASH_BYTES;

/** One picture on its way through the kernel, rows top to bottom. A kernel works on one picture at a time. */
export class PdqStream {
  readonly #kernel: Kernel;
  readonly #turn: number;

  constructor(kernel: Kernel, turn: number) {
    this.#kernel = kernel;
    this.#turn = turn;
  }

  /** Takes the next whole rows, without gaps; throws KernelError. */
  addRows(rows: PixelBytes): void {
    this.#kernel.addRows(this.#turn, rows);
  }

  /** Ends the picture; throws KernelError with `too_few_rows` if rows are missing. */
  finish(): PdqResult {
    return this.#kernel.finish(this.#turn);
  }
}

/** A loaded kernel. Not shared between threads: each worker loads its own. */
export class Kernel {
  readonly #exports: KernelExports;
  readonly #memory: KernelMemory;
  /** Layout of the WASM memory after its own data: result, state, window. */
  readonly #result: number;
  readonly #state: number;
  #window = 0;
  #windowBytes = 0;
  #rowBytes = 0;
  #variants: VariantCount = 8;
  /** Which picture is under way; a stream of an earlier one is refused. */
  #turn = 0;
  #isOpen = false;

  private constructor(exports: KernelExports) {
    this.#exports = exports;
    this.#memory = new KernelMemory(exports);
    this.#result = roundUp(this.#memory.start);
    this.#state = roundUp(this.#result + QUALITY_AT + 4);
  }

  /** Starts the program; rejects if the bytes are not WebAssembly. */
  static async load(program: Program): Promise<Kernel> {
    return new Kernel(await loadExports<KernelExports>(program));
  }

  /** The hashes of a whole picture; throws KernelError. */
  pdq(pixels: PixelBytes, width: number, height: number, format: PixelFormat, variants: VariantCount = 8): PdqResult {
    const stream = this.begin(width, height, format, variants);
    if (pixels.length !== width * height * PIXEL_FORMATS[format]) {
      this.#isOpen = false;
      throw new KernelError("wrong_length");
    }
    stream.addRows(pixels);
    return stream.finish();
  }

  /**
   * Starts a picture whose rows come in portions; ends any unfinished one. Width and height are the original's; its decoder may have made
   * it smaller by `shrink`, so that there are ceil(height / shrink) rows of ceil(width / shrink) pixels. Throws KernelError.
   */
  begin(width: number, height: number, format: PixelFormat, variants: VariantCount = 8, shrink: Shrink = 1): PdqStream {
    this.#isOpen = false;
    this.#turn += 1;
    const channels = PIXEL_FORMATS[format] ?? 0;
    if (!Number.isInteger(width) || !Number.isInteger(height)) {
      throw new KernelError("image_too_small");
    }
    if (width > MAX_DIMENSION || height > MAX_DIMENSION) {
      throw new KernelError("image_too_large");
    }
    const safeWidth = Math.max(width, 0);
    const safeHeight = Math.max(height, 0);
    this.#memory.reserve(this.#state);
    requireOk(this.#exports.stillmine_measure_shrunk_pdq(safeWidth, safeHeight, channels, variants, shrink, this.#result));
    const stateBytes = this.#memory.number(this.#result);
    this.#rowBytes = Math.ceil(width / shrink) * channels;
    this.#variants = variants;
    this.#window = roundUp(this.#state + stateBytes);
    this.#windowBytes = rowsAtOnce(this.#rowBytes) * this.#rowBytes;
    this.#memory.reserve(this.#window + this.#windowBytes);
    requireOk(this.#exports.stillmine_begin_shrunk_pdq(this.#state, stateBytes, width, height, channels, variants, shrink));
    this.#isOpen = true;
    return new PdqStream(this, this.#turn);
  }

  /** For PdqStream only. */
  addRows(turn: number, rows: PixelBytes): void {
    this.#requireTurn(turn);
    if (rows.length % this.#rowBytes !== 0) {
      throw new KernelError("wrong_length");
    }
    for (let start = 0; start < rows.length; start += this.#windowBytes) {
      const portion = rows.subarray(start, start + this.#windowBytes);
      this.#write(this.#window, portion);
      const count = portion.length / this.#rowBytes;
      requireOk(this.#exports.stillmine_add_pdq_rows(this.#state, this.#window, this.#rowBytes, count));
    }
  }

  /** For PdqStream only. */
  finish(turn: number): PdqResult {
    this.#requireTurn(turn);
    requireOk(this.#exports.stillmine_finish_pdq(this.#state, this.#result, this.#result + QUALITY_AT));
    this.#isOpen = false;
    const quality = this.#memory.number(this.#result + QUALITY_AT);
    const hashes = VARIANTS.slice(0, this.#variants).map((_, index) =>
      this.#memory.bytes(this.#result + index * HASH_BYTES, HASH_BYTES).slice(),
    );
    this.#memory.wipe(this.#result);
    return { hashes, quality };
  }

  /** The pictures that may be inside upright luma: none for most, at most four. Ends any unfinished picture; throws KernelError. */
  findParts({ width, height, bytes }: Luma): readonly Bounds[] {
    this.#isOpen = false;
    const [parts, luma] = this.#reserveEach(MAX_PARTS * PART_BYTES, bytes.length);
    this.#write(luma, bytes);
    const count = this.#exports.stillmine_find_parts(luma, width, width, height, parts);
    const found = Array.from({ length: count }, (_, index) => this.#readBounds(parts + index * PART_BYTES));
    this.#memory.wipe(luma, luma + bytes.length);
    return found;
  }

  /** Takes in an opaque RGBA picture that has detail. Ends any unfinished picture; throws KernelError. */
  learnBars(pixels: PixelBytes, brightest: Brightest): void {
    this.#isOpen = false;
    const { rows, columns } = brightest;
    const rowBytes = 4 * columns.length;
    const step = rowsAtOnce(rowBytes);
    const [ofRows, ofColumns, window] = this.#reserveEach(rows.length, columns.length, step * rowBytes);
    this.#write(ofRows, rows);
    this.#write(ofColumns, columns);
    for (let row = 0; row < rows.length; row += step) {
      const portion = pixels.subarray(row * rowBytes, Math.min(row + step, rows.length) * rowBytes);
      this.#write(window, portion);
      this.#exports.stillmine_learn_bars(window, rowBytes, columns.length, portion.length / rowBytes, 4, ofRows + row, ofColumns);
    }
    rows.set(this.#memory.bytes(ofRows, rows.length));
    columns.set(this.#memory.bytes(ofColumns, columns.length));
    this.#memory.wipe(window, window + step * rowBytes);
  }

  /** What lies between the bars; all of it where nothing was learned. Ends any unfinished picture; throws KernelError. */
  findBars({ rows, columns }: Brightest): Bounds {
    this.#isOpen = false;
    const [bounds, ofRows, ofColumns] = this.#reserveEach(BOUNDS_BYTES, rows.length, columns.length);
    this.#write(ofRows, rows);
    this.#write(ofColumns, columns);
    this.#exports.stillmine_find_bars(ofRows, rows.length, ofColumns, columns.length, bounds);
    return this.#readBounds(bounds);
  }

  /** Whether fingerprints within both are as good as the same. Ends any unfinished picture. */
  areCloseBounds(one: Bounds, other: Bounds, width: number, height: number): boolean {
    this.#isOpen = false;
    const [first, second] = this.#reserveEach(BOUNDS_BYTES, BOUNDS_BYTES);
    for (const [place, { left, top, right, bottom }] of [[first, one], [second, other]] as const)
      this.#memory.numbers(place, 4).set([left, top, right, bottom]);
    return this.#exports.stillmine_are_close_bounds(first, second, width, height) !== 0;
  }

  #requireTurn(turn: number): void {
    if (!this.#isOpen || turn !== this.#turn) {
      throw new KernelError("wrong_order");
    }
  }

  /** Places for so many bytes each, where the state of a picture would be. */
  #reserveEach<Sizes extends readonly number[]>(...sizes: Sizes): { readonly [Index in keyof Sizes]: number } {
    const places = new Places(this.#state);
    const taken = sizes.map((bytes) => places.take(bytes));
    this.#memory.reserve(places.end);
    return taken as unknown as { readonly [Index in keyof Sizes]: number };
  }

  #write(place: number, bytes: PixelBytes): void {
    this.#memory.bytes(place, bytes.length).set(bytes);
  }

  #readBounds(place: number): Bounds {
    const [left = 0, top = 0, right = 0, bottom = 0] = this.#memory.numbers(place, 4);
    return { left, top, right, bottom };
  }
}

/** The field's text form: 64 lower-case hex digits. */
export function toHex(hash: Uint8Array): string {
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
