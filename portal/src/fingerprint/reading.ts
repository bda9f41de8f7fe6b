// SPDX-License-Identifier: Apache-2.0
/*
 * One decoding of a picture on its way through the kernel: its rows go to PDQ and to the small grey copy, the base, in which regions are
 * found. Hashes and base are put in order, not the pixels. Must never keep pixels: the base goes with the reading.
 */

import { toHex, VARIANTS, type PdqStream, type Shrink } from "@kernel/kernel";
import type { BaseStream, RegionKernel } from "@kernel/regions";
import { turnedBase } from "./base_turn";
import type { Pixels } from "./canvas";
import { findingOfPicture, isGiven } from "./gives";
import type { Turn } from "./mend";
import { regionsValue } from "./regions_value";
import type { Tools } from "./tools";

/** What a decoding gives. */
export interface Read {
  /** The `pdq`, hex. */
  readonly value: string;
  readonly quality: number;
  /** The value of kind `regions`; null where the picture is flat, or has too few. */
  readonly regions: string | null;
  /** Of all pixels, to compare with another decoding's; 0 where that was not asked for. */
  readonly sum: number;
}

interface Options {
  /** Of the picture as it is stored, before it was made smaller by `shrink`. */
  readonly width: number;
  readonly height: number;
  readonly shrink?: Shrink;
  /** What makes it upright. */
  readonly turn: Turn;
  readonly isSummed?: boolean;
}

/** Begin a picture whose rows, RGBA, come from top to bottom. Rejects with FileError and KernelError. */
export async function beginReading(
  { kernel, regionKernel }: Tools,
  { width, height, turn, shrink = 1, isSummed = false }: Options,
): Promise<Reading> {
  const [ofPdq, ofRegions] = await Promise.all([kernel(), regionKernel()]);
  const pdq = ofPdq.begin(width, height, "rgba8", turn === "original" ? 1 : 8, shrink);
  const base = ofRegions.beginBase(Math.ceil(width / shrink), Math.ceil(height / shrink), "rgba8");
  return new Reading({ pdq, base, kernel: ofRegions }, turn, isSummed);
}

interface Streams {
  readonly pdq: PdqStream;
  readonly base: BaseStream;
  readonly kernel: RegionKernel;
}

export class Reading {
  readonly #streams: Streams;
  readonly #turn: Turn;
  readonly #isSummed: boolean;
  #sum = 0;

  constructor(streams: Streams, turn: Turn, isSummed: boolean) {
    this.#streams = streams;
    this.#turn = turn;
    this.#isSummed = isSummed;
  }

  add(rows: Pixels): void {
    if (this.#isSummed) this.#sum = sumOf(rows, this.#sum);
    this.#streams.pdq.addRows(rows);
    this.#streams.base.addRows(rows);
  }

  end(): Read {
    const { hashes, quality } = this.#streams.pdq.finish();
    const pdq = hashes[VARIANTS.indexOf(this.#turn)] ?? new Uint8Array();
    return { value: toHex(pdq), quality, regions: this.#regions(pdq, quality), sum: this.#sum };
  }

  #regions(pdq: Uint8Array, quality: number): string | null {
    const { base, kernel } = this.#streams;
    const made = base.finish();
    if (!isGiven(findingOfPicture(quality))) return null;
    return regionsValue(kernel, turnedBase(kernel, made, this.#turn), pdq);
  }
}

function sumOf(rows: Pixels, before: number): number {
  let sum = before;
  for (const word of new Uint32Array(rows.buffer, rows.byteOffset, rows.length / 4))
    sum = Math.imul(sum ^ word, 0x01000193);
  return sum;
}
