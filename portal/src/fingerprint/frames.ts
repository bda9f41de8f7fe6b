// SPDX-License-Identifier: Apache-2.0
/*
 * The hash of each sampled picture of a video, without the black bars that are there the whole time.
 *
 * Where the bars end is known only after the last picture: pictures are hashed within what is known so far and the first few
 * are kept; those that were hashed within too little or too much are hashed again, from memory or by reading the file a
 * second time. The result is the same either way. Must never keep a picture after that.
 */

import { VARIANTS, type Bounds, type Kernel } from "@kernel/kernel";
import { MINIMUM_QUALITY } from "../wire/types";
import { BarFinder } from "./bars";
import type { Span } from "./frame_times";
import type { Sample } from "./runs";

/** Of frames that are kept until it is known where black bars end; half of what the server keeps. */
const MAXIMUM_HELD_BYTES = 32 * 1024 * 1024;

export type Turn = (typeof VARIANTS)[number];

/** An opaque RGBA picture; `turn` names the variant of it that is upright. */
export interface Shown extends Span {
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
  readonly turn: Turn;
}

/** What became of reading a video once. */
export interface ReadingEnd {
  readonly endsEarly: boolean;
  readonly isLimited: boolean;
}

/** Reads a video from its beginning and gives each picture that is on screen at a sample, once. */
export type FrameReader = (take: (shown: Shown) => void, onProgress: (share: number) => void) => Promise<ReadingEnd>;

export interface SampledVideo extends ReadingEnd {
  readonly samples: readonly Sample[];
}

interface Hashed {
  sample: Sample;
  bounds: Bounds;
  readonly finder: BarFinder;
  kept: Shown | null;
}

/** Return the samples of a video; none where the reader gave no picture. Rejects with what the reader rejects with. */
export async function sampleVideo(
  kernel: Kernel,
  read: FrameReader,
  onProgress: (share: number) => void,
): Promise<SampledVideo> {
  const finders = new Map<string, BarFinder>();
  let hasher = new Hasher(kernel, finders, true);
  let end = await read(
    (shown) => hasher.take(shown),
    (share) => onProgress(share / 2),
  );
  if (!hasher.settle()) {
    hasher = new Hasher(kernel, finders, false);
    end = await read(
      (shown) => hasher.take(shown),
      (share) => onProgress(0.5 + share / 2),
    );
  }
  return { ...end, samples: hasher.hashed.map((entry) => entry.sample) };
}

class Hasher {
  readonly hashed: Hashed[] = [];
  #heldBytes = 0;

  constructor(
    readonly kernel: Kernel,
    readonly finders: Map<string, BarFinder>,
    readonly isLearning: boolean,
  ) {}

  take(shown: Shown): void {
    const finder = this.#finderOf(shown);
    let bounds = finder.bounds();
    let sample = this.#hash(shown, bounds);
    if (this.isLearning && sample.quality >= MINIMUM_QUALITY) {
      finder.learn(shown.pixels);
      const learned = finder.bounds();
      if (!areSame(learned, bounds)) {
        bounds = learned;
        sample = this.#hash(shown, bounds);
      }
    }
    const isKept = this.isLearning && this.#heldBytes + shown.pixels.byteLength <= MAXIMUM_HELD_BYTES;
    if (isKept) this.#heldBytes += shown.pixels.byteLength;
    this.hashed.push({ sample, bounds, finder, kept: isKept ? shown : null });
  }

  /** Hash again what is kept; whether every sample is now made of what is visible over the whole video. */
  settle(): boolean {
    for (const entry of this.hashed) {
      const final = entry.finder.bounds();
      const { width, height } = entry.finder;
      if (this.kernel.areCloseBounds(entry.bounds, final, width, height)) continue;
      if (!entry.kept) return false;
      entry.sample = this.#hash(entry.kept, final);
      entry.bounds = final;
    }
    for (const entry of this.hashed) entry.kept = null;
    return true;
  }

  #finderOf({ width, height }: Shown): BarFinder {
    const size = `${width}x${height}`;
    const finder = this.finders.get(size) ?? new BarFinder(this.kernel, width, height);
    this.finders.set(size, finder);
    return finder;
  }

  #hash(shown: Shown, bounds: Bounds): Sample {
    const { pixels, width, height, turn, first, last } = shown;
    const isUpright = turn === "original";
    const stream = this.kernel.begin(
      bounds.right - bounds.left,
      bounds.bottom - bounds.top,
      "rgba8",
      isUpright ? 1 : 8,
    );
    if (bounds.left === 0 && bounds.right === width) {
      stream.addRows(pixels.subarray(4 * width * bounds.top, 4 * width * bounds.bottom));
    } else {
      for (let row = bounds.top; row < Math.min(bounds.bottom, height); row += 1) {
        stream.addRows(pixels.subarray(4 * (row * width + bounds.left), 4 * (row * width + bounds.right)));
      }
    }
    const { hashes, quality } = stream.finish();
    return { hash: hashes[VARIANTS.indexOf(turn)] ?? new Uint8Array(), quality, first, last };
  }
}

function areSame(one: Bounds, other: Bounds): boolean {
  return one.left === other.left && one.top === other.top && one.right === other.right && one.bottom === other.bottom;
}
