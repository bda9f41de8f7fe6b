// SPDX-License-Identifier: Apache-2.0
/**
 * Regions in the browser: where a picture's own structure says that one is, and what each looks like. Contract: spec/regions.md.
 *
 * Holds no algorithm, only memory. A base is a picture: never keep one longer than its picture. Everything that was in the WASM memory is
 * wiped when a call ends. Types can be stripped without a compiler.
 */

import {
  HASH_BYTES,
  KernelError,
  KernelMemory,
  loadExports,
  PIXEL_FORMATS,
  Places,
  requireOk,
  rowsAtOnce,
  type MemoryExports,
  type PixelBytes,
  type PixelFormat,
  type Program,
} from "./memory.ts";

export const GEOMETRY_BYTES = 5;
/** Centre, axis along the angle, axis across; in 1/8192 of the base's width and height. */
export const FRAME_NUMBERS = 6;

/** Luma of a picture at no more than 512 x 512 pixels of area, row by row, and its halvings behind it. */
export interface Base {
  readonly width: number;
  readonly height: number;
  readonly levels: Uint8Array;
}

/** A picture on its way to its base, rows top to bottom. */
export interface BaseStream {
  /** Takes the next whole rows, without gaps; throws KernelError. */
  readonly addRows: (rows: PixelBytes) => void;
  /** Ends the picture; throws KernelError with `too_few_rows` if rows are missing. */
  readonly finish: () => Base;
}

/** 256 x 256 pixels, as a case is given; or 512 x 512 as well, when asking. */
export type RegionArea = 65536 | 262144;

/** Best first; `count` times 5, 32 and 32 bytes, and a number each. */
export interface Regions {
  readonly count: number;
  /** x and y in 12 bits each, radius, angle. */
  readonly geometry: Uint8Array;
  readonly hashes: Uint8Array;
  /** Those that the same regions have in the mirrored picture. */
  readonly mirrored: Uint8Array;
  readonly strengths: Uint32Array;
}

interface RegionExports extends MemoryExports {
  stillmine_measure_base(
    width: number,
    height: number,
    format: number,
    baseWidth: number,
    baseHeight: number,
    levelsBytes: number,
    stateBytes: number,
  ): number;
  stillmine_begin_base(state: number, stateBytes: number, width: number, height: number, format: number): number;
  stillmine_add_base_rows(state: number, rows: number, rowStride: number, rowCount: number, levels: number): number;
  stillmine_finish_base(state: number, levels: number): number;
  stillmine_measure_find(width: number, height: number, area: number, stretch: number, workspaceBytes: number): number;
  stillmine_find_regions(
    base: number,
    area: number,
    stretch: number,
    workspace: number,
    workspaceBytes: number,
    regions: number,
    capacity: number,
    count: number,
  ): number;
  stillmine_enrol_regions(
    base: number,
    workspace: number,
    workspaceBytes: number,
    regions: number,
    count: number,
  ): number;
  stillmine_make_regions_value(
    base: number,
    pdq: number,
    workspace: number,
    workspaceBytes: number,
    regions: number,
    value: number,
    valueBytes: number,
  ): number;
  stillmine_frame_region(width: number, height: number, stretch: number, geometry: number, frame: number): number;
  stillmine_hash_frames(base: number, frames: number, count: number, hashes: number): number;
}

const MAX_REGIONS = 255;
/** Geometry, two hashes, padding and strength, as stillmine/regions.h lays them out. */
const REGION_BYTES = 76;
const STRENGTH_AT = 72;
const MAX_VALUE_BYTES = 38 + 36 * 37;

interface Room {
  readonly found: number;
  readonly regions: number;
  readonly workspace: number;
  readonly bytes: number;
}

interface Sizes {
  readonly width: number;
  readonly height: number;
  readonly levelsBytes: number;
  readonly stateBytes: number;
}

/** A loaded kernel for regions, with a memory of its own. Not shared between threads: each worker loads its own. */
export class RegionKernel {
  readonly #exports: RegionExports;
  readonly #memory: KernelMemory;

  private constructor(exports: RegionExports) {
    this.#exports = exports;
    this.#memory = new KernelMemory(exports);
  }

  /** Starts the program; rejects if the bytes are not WebAssembly. */
  static async load(program: Program): Promise<RegionKernel> {
    return new RegionKernel(await loadExports<RegionExports>(program));
  }

  /** The base of an upright picture (or of a base that was turned), given whole and without gaps; throws KernelError. */
  base(pixels: PixelBytes, width: number, height: number, format: PixelFormat): Base {
    const rowBytes = width * (PIXEL_FORMATS[format] ?? 0);
    const rows = function* (): Iterable<PixelBytes> {
      const portionBytes = rowsAtOnce(rowBytes) * rowBytes;
      for (let start = 0; start < pixels.length; start += portionBytes) {
        yield pixels.subarray(start, start + portionBytes);
      }
    };
    return this.baseOfRows(rows(), width, height, format);
  }

  /** The same of whole rows without gaps that come in portions of any size, top to bottom; throws KernelError. */
  baseOfRows(portions: Iterable<PixelBytes>, width: number, height: number, format: PixelFormat): Base {
    const stream = this.beginBase(width, height, format);
    for (const portion of portions) {
      stream.addRows(portion);
    }
    return stream.finish();
  }

  /** Starts the base of a picture whose rows come one portion after the other; nothing else may be asked meanwhile. Throws KernelError. */
  beginBase(width: number, height: number, format: PixelFormat): BaseStream {
    const channels = PIXEL_FORMATS[format] ?? 0;
    const sizes = this.#measure(width, height, channels);
    const rowBytes = width * channels;
    const windowBytes = rowsAtOnce(rowBytes) * rowBytes;
    const places = new Places(this.#memory.start);
    const state = places.take(sizes.stateBytes);
    const levels = places.take(sizes.levelsBytes);
    const window = places.take(windowBytes);
    this.#memory.reserve(places.end);
    requireOk(this.#exports.stillmine_begin_base(state, sizes.stateBytes, width, height, channels));
    const addRows = (rows: PixelBytes): void =>
      this.#wipingOnError(places, () => this.#addRows(rows, rowBytes, windowBytes, state, levels, window));
    const finish = (): Base => {
      try {
        requireOk(this.#exports.stillmine_finish_base(state, levels));
        return { width: sizes.width, height: sizes.height, levels: this.#memory.bytes(levels, sizes.levelsBytes).slice() };
      } finally {
        this.#wipe(places);
      }
    };
    return { addRows, finish };
  }

  /** At most `count` (255) regions of a view: the base at `area` pixels, x stretched to 50 to 200 per cent; throws KernelError. */
  findRegions(base: Base, area: RegionArea, stretch: number, count: number): Regions {
    const capacity = Math.min(Math.max(Math.floor(count), 0), MAX_REGIONS);
    return this.#find(base, area, stretch, (header, workspace, bytes, regions, found) =>
      this.#exports.stillmine_find_regions(header, area, stretch, workspace, bytes, regions, capacity, found),
    );
  }

  /** The value that a case stores, or null where the picture has too few regions to be recognised by; throws KernelError. */
  regionsValue(base: Base, pdq: Uint8Array): Uint8Array | null {
    if (pdq.length !== HASH_BYTES) {
      throw new KernelError("wrong_length");
    }
    return this.#use((places) => {
      const hash = places.take(HASH_BYTES);
      const value = places.take(MAX_VALUE_BYTES);
      const { regions, found, workspace, bytes } = this.#takeRoom(places, base, 65536, 100);
      const header = this.#writeBase(places, base);
      this.#memory.bytes(hash, HASH_BYTES).set(pdq);
      requireOk(this.#exports.stillmine_make_regions_value(header, hash, workspace, bytes, regions, value, found));
      const length = this.#memory.number(found);
      return length === 0 ? null : this.#memory.bytes(value, length).slice();
    });
  }

  /** The regions of that value: none that is drawn, repeated or around the picture, at most 36; throws KernelError. */
  enrolRegions(base: Base): Regions {
    return this.#find(base, 65536, 100, (header, workspace, bytes, regions, found) =>
      this.#exports.stillmine_enrol_regions(header, workspace, bytes, regions, found),
    );
  }

  /** The frames of regions found in a view of a base of this size, six numbers each; throws KernelError. */
  frameRegions(geometry: Uint8Array, base: Pick<Base, "width" | "height">, stretch: number): Int16Array {
    const count = Math.floor(geometry.length / GEOMETRY_BYTES);
    return this.#use((places) => {
      const from = places.take(geometry.length);
      const to = places.take(count * 2 * FRAME_NUMBERS);
      this.#memory.reserve(places.end);
      this.#memory.bytes(from, geometry.length).set(geometry);
      for (let index = 0; index < count; index += 1) {
        const [place, frame] = [from + index * GEOMETRY_BYTES, to + index * 2 * FRAME_NUMBERS];
        requireOk(this.#exports.stillmine_frame_region(base.width, base.height, stretch, place, frame));
      }
      return this.#memory.shorts(to, count * FRAME_NUMBERS).slice();
    });
  }

  /** What the base looks like at each frame (six numbers each): 32 bytes each; throws KernelError. */
  hashFrames(base: Base, frames: Int16Array): Uint8Array {
    const count = Math.floor(frames.length / FRAME_NUMBERS);
    return this.#use((places) => {
      const from = places.take(frames.byteLength);
      const to = places.take(count * HASH_BYTES);
      const header = this.#writeBase(places, base);
      this.#memory.shorts(from, frames.length).set(frames);
      requireOk(this.#exports.stillmine_hash_frames(header, from, count, to));
      return this.#memory.bytes(to, count * HASH_BYTES).slice();
    });
  }

  #find(
    base: Base,
    area: RegionArea,
    stretch: number,
    call: (header: number, workspace: number, bytes: number, regions: number, found: number) => number,
  ): Regions {
    return this.#use((places) => {
      const { regions, found, workspace, bytes } = this.#takeRoom(places, base, area, stretch);
      const header = this.#writeBase(places, base);
      requireOk(call(header, workspace, bytes, regions, found));
      return this.#readRegions(regions, this.#memory.number(found));
    });
  }

  /** Places for what is found, how many, and the workspace of a view; those behind the base are reserved with it. */
  #takeRoom(places: Places, base: Base, area: RegionArea, stretch: number): Room {
    const found = places.take(4);
    const regions = places.take(MAX_REGIONS * REGION_BYTES);
    this.#memory.reserve(places.end);
    requireOk(this.#exports.stillmine_measure_find(base.width, base.height, area, stretch, found));
    const bytes = this.#memory.number(found);
    return { found, regions, workspace: places.take(bytes), bytes };
  }

  #measure(width: number, height: number, channels: number): Sizes {
    if (![width, height].every((side) => Number.isInteger(side) && side > 0)) {
      throw new KernelError("image_too_small");
    }
    return this.#use((places) => {
      const place = places.take(4 * 4);
      this.#memory.reserve(places.end);
      requireOk(this.#exports.stillmine_measure_base(width, height, channels, place, place + 4, place + 8, place + 12));
      const [baseWidth = 0, baseHeight = 0, levelsBytes = 0, stateBytes = 0] = this.#memory.numbers(place, 4);
      return { width: baseWidth, height: baseHeight, levelsBytes, stateBytes };
    });
  }

  #addRows(rows: PixelBytes, rowBytes: number, windowBytes: number, state: number, levels: number, window: number): void {
    if (rows.length % rowBytes !== 0) {
      throw new KernelError("wrong_length");
    }
    for (let start = 0; start < rows.length; start += windowBytes) {
      const portion = rows.subarray(start, start + windowBytes);
      this.#memory.bytes(window, portion.length).set(portion);
      requireOk(this.#exports.stillmine_add_base_rows(state, window, rowBytes, portion.length / rowBytes, levels));
    }
  }

  /** Writes a base and what names it: address, width and height. Reserves all places. */
  #writeBase(places: Places, base: Base): number {
    const sizes = this.#measure(base.width, base.height, PIXEL_FORMATS.luma8);
    if (sizes.width !== base.width || sizes.height !== base.height || sizes.levelsBytes !== base.levels.length) {
      throw new KernelError("wrong_length");
    }
    const header = places.take(3 * 4);
    const levels = places.take(base.levels.length);
    this.#memory.reserve(places.end);
    this.#memory.bytes(levels, base.levels.length).set(base.levels);
    this.#memory.numbers(header, 3).set([levels, base.width, base.height]);
    return header;
  }

  #readRegions(place: number, count: number): Regions {
    const geometry = new Uint8Array(count * GEOMETRY_BYTES);
    const hashes = new Uint8Array(count * HASH_BYTES);
    const mirrored = new Uint8Array(count * HASH_BYTES);
    const strengths = new Uint32Array(count);
    for (let index = 0; index < count; index += 1) {
      const region = place + index * REGION_BYTES;
      geometry.set(this.#memory.bytes(region, GEOMETRY_BYTES), index * GEOMETRY_BYTES);
      hashes.set(this.#memory.bytes(region + GEOMETRY_BYTES, HASH_BYTES), index * HASH_BYTES);
      mirrored.set(this.#memory.bytes(region + GEOMETRY_BYTES + HASH_BYTES, HASH_BYTES), index * HASH_BYTES);
      strengths[index] = this.#memory.number(region + STRENGTH_AT);
    }
    return { count, geometry, hashes, mirrored, strengths };
  }

  /** Gives the memory behind the kernel's own data, and wipes what was taken of it. */
  #use<Result>(work: (places: Places) => Result): Result {
    const places = new Places(this.#memory.start);
    try {
      return work(places);
    } finally {
      this.#wipe(places);
    }
  }

  #wipingOnError(places: Places, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#wipe(places);
      throw error;
    }
  }

  #wipe(places: Places): void {
    this.#memory.wipe(this.#memory.start, places.end);
  }
}
