// SPDX-License-Identifier: Apache-2.0
/*
 * Chromaprint as WASM, standard algorithm: mono sound in pieces, values and text out. Fetched ahead, started when the first sound comes.
 * Must never keep sound after the call: the library's memory is freed with the context.
 */

import createChromaprint, { type MainModule } from "@unimusic/chromaprint/dist/chromaprint.js";
import wasmAddress from "@unimusic/chromaprint/dist/chromaprint.wasm?url";
import { loadBytes } from "./load";

const STANDARD_ALGORITHM = 1;
const PIECE_SAMPLES = 16_384;

let library: Promise<MainModule> | null = null;

/** Fetch the library without starting it; rejects with FileError. */
export const fetchChromaprint = (): Promise<ArrayBuffer> => loadBytes(wasmAddress);

async function load(): Promise<MainModule> {
  return createChromaprint({ wasmBinary: await fetchChromaprint() });
}

/** A sound on its way through the library; `free` has to be called in the end. */
export class SoundStream {
  readonly #context: number;
  readonly #piece: number;

  private constructor(
    readonly chromaprint: MainModule,
    rate: number,
  ) {
    this.#context = chromaprint._chromaprint_new(STANDARD_ALGORITHM);
    this.#piece = chromaprint._malloc(2 * PIECE_SAMPLES);
    requireDone(this.#piece !== 0 ? chromaprint._chromaprint_start(this.#context, rate, 1) : 0);
  }

  /** Rejects with FileError where the library does not load. */
  static async begin(rate: number): Promise<SoundStream> {
    library ??= load().catch((error: unknown) => {
      library = null;
      throw error;
    });
    return new SoundStream(await library, rate);
  }

  /** Takes the next samples, 16 bit. */
  add(samples: Int16Array): void {
    for (let start = 0; start < samples.length; start += PIECE_SAMPLES) {
      const piece = samples.subarray(start, start + PIECE_SAMPLES);
      (this.chromaprint.HEAP16 as Int16Array).set(piece, this.#piece / 2);
      requireDone(this.chromaprint._chromaprint_feed(this.#context, this.#piece, piece.length));
    }
  }

  /** Ends the sound: its values, and AcoustID's compressed text. */
  finish(): { values: Uint32Array; text: string } {
    const { chromaprint } = this;
    requireDone(chromaprint._chromaprint_finish(this.#context));
    const [data, size] = [this.#piece, this.#piece + 4];
    const at = (address: number): number => (chromaprint.HEAP32 as Int32Array)[address / 4] ?? 0;
    requireDone(chromaprint._chromaprint_get_raw_fingerprint(this.#context, data, size));
    const start = at(data) / 4;
    const values = Uint32Array.from(
      (chromaprint.HEAP32 as Int32Array).subarray(start, start + at(size)),
      (value) => value >>> 0,
    );
    chromaprint._free(at(data));
    requireDone(chromaprint._chromaprint_get_fingerprint(this.#context, data));
    const text = chromaprint.UTF8ToString(at(data));
    chromaprint._free(at(data));
    return { values, text };
  }

  free(): void {
    (this.chromaprint.HEAP16 as Int16Array).fill(0, this.#piece / 2, this.#piece / 2 + PIECE_SAMPLES);
    this.chromaprint._free(this.#piece);
    this.chromaprint._chromaprint_free(this.#context);
  }
}

function requireDone(isDone: number): void {
  if (!isDone) throw new Error("chromaprint refused");
}
