// SPDX-License-Identifier: Apache-2.0
/*
 * What the page and its worker say to each other. Files, pixels and sound stay on the device: a worker is part of the page.
 *
 * The page gives a file and gets what it gives. In between the worker may ask the page for what only a page can decode.
 */

import type { FileFingerprints } from "./made";
import type { FileProblem, UndecodableReason } from "./problems";

/** What the worker asks; each is about the file under way. */
export type Question =
  /** Decode a picture, which is the file under way or that put right, and give its size. */
  | { readonly of: "picture"; readonly file: Blob }
  | { readonly of: "rows" }
  /** Open it in a `<video>`; the answer's `seconds` say how long it is. `end` is when its pictures end, where that is known. */
  | { readonly of: "video"; readonly end: number | null }
  /** The picture on screen at a time, in seconds as the player counts them. */
  | { readonly of: "frame"; readonly at: number }
  | { readonly of: "sound" };

/** Pixels are RGBA; `rows` are answered in bands until there are none left. */
export type Answer =
  | { readonly of: "picture"; readonly width: number; readonly height: number }
  | { readonly of: "rows"; readonly rows: Uint8ClampedArray<ArrayBuffer> | null }
  | { readonly of: "video"; readonly seconds: number }
  | {
      readonly of: "frame";
      readonly width: number;
      readonly height: number;
      readonly pixels: Uint8ClampedArray<ArrayBuffer>;
    }
  | { readonly of: "sound"; readonly samples: Float32Array<ArrayBuffer>; readonly rate: number }
  | { readonly of: "nothing"; readonly reason: UndecodableReason | FileProblem };

export type ToWorker =
  /** Load all parts ahead: the connection may break once files can be chosen, and shows nothing of the files. Not answered. */
  | { readonly kind: "prepare" }
  | { readonly kind: "file"; readonly file: Blob }
  | { readonly kind: "answer"; readonly answer: Answer };

export type FromWorker =
  | { readonly kind: "progress"; readonly share: number }
  | { readonly kind: "question"; readonly question: Question }
  | { readonly kind: "made"; readonly made: FileFingerprints }
  | { readonly kind: "problem"; readonly problem: FileProblem };
