// SPDX-License-Identifier: Apache-2.0
/**
 * What kernel.ts and regions.ts stand on: the program of stillmine_pdq.wasm, its memory, the forms of pixels, and refusals.
 *
 * Knows no algorithm and no picture. An instance has a memory of its own; the program may be compiled once for several. Types can be
 * stripped without a compiler.
 */

export const HASH_BYTES = 32;

/** Bytes per pixel, and the kernel's number for it. RGBA as a canvas gives it, not premultiplied; laid on white. */
export const PIXEL_FORMATS = { luma8: 1, rgb8: 3, rgba8: 4 } as const;

export type PixelFormat = keyof typeof PIXEL_FORMATS;
export type PixelBytes = Uint8Array | Uint8ClampedArray;

/** The bytes of stillmine_pdq.wasm, or what `WebAssembly.compile` made of them. */
export type Program = BufferSource | WebAssembly.Module;

const STATUS_CODES = [
  "ok",
  "missing_buffer",
  "bad_format",
  "image_too_small",
  "image_too_large",
  "bad_stride",
  "too_many_rows",
  "too_few_rows",
  "wrong_order",
] as const;

export type KernelErrorCode = (typeof STATUS_CODES)[number] | "out_of_memory" | "wrong_length";

/** A refusal; `code` is stable, and nothing of the picture is in it. */
export class KernelError extends Error {
  readonly code: KernelErrorCode;

  constructor(code: KernelErrorCode) {
    super(`the PDQ kernel refused the pixels: ${code}`);
    this.name = "KernelError";
    this.code = code;
  }
}

/** Throws KernelError for a status of the kernel other than 0. */
export function requireOk(status: number): void {
  if (status !== 0) {
    throw new KernelError(STATUS_CODES[status] ?? "wrong_order");
  }
}

export interface MemoryExports {
  readonly memory: WebAssembly.Memory;
  readonly __heap_base: WebAssembly.Global<"i32">;
}

const ALIGNMENT = 16;
const PAGE_BYTES = 65536;
const WINDOW_BYTES = 262144;

/** Starts an instance of the program; rejects if the bytes are not WebAssembly. The caller knows which functions it exports. */
export async function loadExports<Exports extends MemoryExports>(program: Program): Promise<Exports> {
  const module = program instanceof WebAssembly.Module ? program : await WebAssembly.compile(program);
  const instance = await WebAssembly.instantiate(module, {});
  return instance.exports as unknown as Exports;
}

/** Rows are copied into the memory in portions of about 256 KiB, however large the picture is: how many rows that are. */
export function rowsAtOnce(rowBytes: number): number {
  return Math.max(Math.floor(WINDOW_BYTES / rowBytes), 1);
}

export function roundUp(place: number): number {
  return Math.ceil(place / ALIGNMENT) * ALIGNMENT;
}

/** Says where things lie in the memory, one behind the other. */
export class Places {
  #end: number;

  constructor(start: number) {
    this.#end = start;
  }

  take(bytes: number): number {
    const place = roundUp(this.#end);
    this.#end = place + bytes;
    return place;
  }

  get end(): number {
    return this.#end;
  }
}

/** The memory of one instance. A view of it is good until the next `reserve`. */
export class KernelMemory {
  readonly #memory: WebAssembly.Memory;
  /** The first byte behind the program's own data. */
  readonly start: number;

  constructor({ memory, __heap_base }: MemoryExports) {
    this.#memory = memory;
    this.start = __heap_base.value;
  }

  /** Makes the memory reach to `end` at least; throws KernelError with `out_of_memory`. */
  reserve(end: number): void {
    const missing = end - this.#memory.buffer.byteLength;
    if (missing > 0) {
      try {
        this.#memory.grow(Math.ceil(missing / PAGE_BYTES));
      } catch {
        throw new KernelError("out_of_memory");
      }
    }
  }

  bytes(place: number, length: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, place, length);
  }

  numbers(place: number, length: number): Uint32Array {
    return new Uint32Array(this.#memory.buffer, place, length);
  }

  shorts(place: number, length: number): Int16Array {
    return new Int16Array(this.#memory.buffer, place, length);
  }

  /** The number of 32 bits at a place. */
  number(place: number): number {
    return this.numbers(place, 1)[0] ?? 0;
  }

  /** Fills from a place with zeros, as far as the memory reaches. */
  wipe(place: number, end = this.#memory.buffer.byteLength): void {
    const last = Math.min(end, this.#memory.buffer.byteLength);
    this.bytes(place, last - place).fill(0);
  }
}
