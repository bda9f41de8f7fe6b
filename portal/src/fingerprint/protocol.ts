// SPDX-License-Identifier: Apache-2.0
/* What the page and its worker say to each other. Files and rows stay on the device: a worker is part of the page. */

import type { PictureProblem } from "./problems";

export type ToWorker =
  /** Load the kernel ahead, so that the connection may break once pictures can be chosen. Not answered. */
  | { readonly kind: "prepare" }
  | { readonly kind: "file"; readonly file: Blob }
  | { readonly kind: "begin"; readonly width: number; readonly height: number }
  | { readonly kind: "rows"; readonly rows: Uint8ClampedArray<ArrayBuffer> }
  | { readonly kind: "finish" };

export type FromWorker =
  | { readonly kind: "fingerprint"; readonly value: string; readonly quality: number }
  | { readonly kind: "problem"; readonly problem: PictureProblem }
  /** The worker has no canvas: the page decodes and sends rows. */
  | { readonly kind: "no_canvas" };
