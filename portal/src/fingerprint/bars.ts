// SPDX-License-Identifier: Apache-2.0
/*
 * Black bars that are there the whole time, and the part of the pictures between them. The kernel decides (kernel/src/bars.c, the same
 * source on the server). Must never trim what was ever visible.
 */

import type { Bounds, Brightest, Kernel } from "@kernel/kernel";
import type { PixelBytes } from "@kernel/memory";

/** Learns the bounds of the visible part from one opaque RGBA picture after another, all of one size. */
export class BarFinder {
  readonly #kernel: Kernel;
  readonly #brightest: Brightest;
  #bounds: Bounds;

  constructor(
    kernel: Kernel,
    readonly width: number,
    readonly height: number,
  ) {
    this.#kernel = kernel;
    this.#brightest = { rows: new Uint8Array(height), columns: new Uint8Array(width) };
    this.#bounds = { left: 0, top: 0, right: width, bottom: height };
  }

  /** Take in a picture that has detail. */
  learn(pixels: PixelBytes): void {
    this.#kernel.learnBars(pixels, this.#brightest);
    this.#bounds = this.#kernel.findBars(this.#brightest);
  }

  /** Return what to look at; all of it where nothing was learned. */
  bounds(): Bounds {
    return this.#bounds;
  }
}
