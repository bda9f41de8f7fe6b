// SPDX-License-Identifier: Apache-2.0
/* Hashes of sampled pictures to the text form of `vpdq`: runs merged as spec/video.md says, written as spec/case.md says. */

import { MINIMUM_QUALITY } from "../wire/types";
import { MERGED_DISTANCE_BITS } from "./limits";

/** The upright hash of a picture that is on screen from second `first` to second `last`. */
export interface Sample {
  readonly hash: Uint8Array;
  readonly quality: number;
  readonly first: number;
  readonly last: number;
}

/** Return runs of neighbours that are equal, each with the hash of its first; a gap in time ends a run. */
export function mergeSamples(samples: readonly Sample[]): readonly Sample[] {
  const runs: Sample[] = [];
  for (const sample of samples) {
    const run = runs[runs.length - 1];
    if (run && run.last + 1 === sample.first && distanceBits(run.hash, sample.hash) <= MERGED_DISTANCE_BITS) {
      runs[runs.length - 1] = { ...run, last: sample.last };
    } else {
      runs.push(sample);
    }
  }
  return runs;
}

/** There are never more entries than samples. Return the text and the best quality of the samples that have detail, null if none has. */
export function vpdqOf(
  samples: readonly Sample[],
  toHex: (hash: Uint8Array) => string,
): { value: string; quality: number } | null {
  const runs = mergeSamples(samples.filter((sample) => sample.quality >= MINIMUM_QUALITY));
  const entries = runs.flatMap(({ hash, quality, first, last }) =>
    (last > first ? [first, last] : [first]).map((second) => `${toHex(hash)},${quality},${second}`),
  );
  if (entries.length === 0) return null;
  return { value: JSON.stringify(entries), quality: Math.max(...runs.map((run) => run.quality)) };
}

function distanceBits(one: Uint8Array, other: Uint8Array): number {
  return one.reduce((bits, byte, place) => bits + countBits(byte ^ (other[place] ?? 0)), 0);
}

function countBits(byte: number): number {
  let bits = 0;
  for (let rest = byte; rest !== 0; rest &= rest - 1) bits += 1;
  return bits;
}
