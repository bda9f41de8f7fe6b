// SPDX-License-Identifier: Apache-2.0
/*
 * Which picture of a video is on screen at t = 0, 1, 2, … seconds after the first one: the rules of spec/video.md, "sampled".
 * Times are whole microseconds.
 */

import { MAXIMUM_VIDEO_SECONDS } from "./limits";

/** On screen from second `first` to second `last`. */
export interface Span {
  readonly first: number;
  readonly last: number;
}

const SECOND = 1_000_000;

/** Takes the pictures' times in the order in which they are shown, and answers for the picture before. */
export class FrameTimes {
  #zero: number | null = null;
  #latest: number | null = null;
  #duration = 0;
  #sample = 0;
  isLimited = false;

  /** When the last picture ends, in seconds of the file's own time; 0 before the first. */
  get endSeconds(): number {
    return this.#latest === null ? 0 : (this.#latest + this.#duration) / SECOND;
  }

  /** A picture begins at `time`: return the samples of the one before it, null if it is on screen at none. */
  next(time: number, duration: number): Span | null {
    const zero = (this.#zero ??= time);
    if (time - zero >= MAXIMUM_VIDEO_SECONDS * SECOND) {
      this.isLimited = true;
      return null;
    }
    this.#latest = Math.max(time, this.#latest ?? time);
    this.#duration = Math.max(duration, 0);
    return this.#until(Math.ceil((this.#latest - zero) / SECOND));
  }

  /** Return the samples of the last picture, which stays for its own duration. */
  end(): Span | null {
    if (this.#zero === null || this.#latest === null) return null;
    const end = this.#latest - this.#zero + Math.max(this.#duration, 1);
    return this.#until(Math.min(Math.ceil(end / SECOND), MAXIMUM_VIDEO_SECONDS));
  }

  #until(second: number): Span | null {
    if (second <= this.#sample) return null;
    const span = { first: this.#sample, last: second - 1 };
    this.#sample = second;
    return span;
  }
}
