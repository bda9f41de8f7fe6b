// SPDX-License-Identifier: Apache-2.0
/*
 * HEIC and HEIF where the browser has no decoder for them: libheif as WASM, served from our own origin, fetched ahead and started
 * when the first such picture comes. It turns the picture upright by itself. Must never be asked for a picture whose size was not checked.
 */

import createLibheif from "libheif-js/libheif-wasm/libheif.js";
import wasmAddress from "libheif-js/libheif-wasm/libheif.wasm?url";
import { withoutSequence } from "./boxes";
import type { Pixels } from "./canvas";
import { loadBytes } from "./load";
import { checkSize } from "./picture";
import { UndecodableError } from "./problems";

interface HeifImage {
  get_width: () => number;
  get_height: () => number;
  is_primary: () => boolean;
  display: (target: { data: Pixels; width: number; height: number }, done: (result: unknown) => void) => void;
  free: () => void;
}

interface Libheif {
  readonly HeifDecoder: new () => { decode: (bytes: ArrayBuffer) => readonly HeifImage[] };
}

export interface HeifPicture {
  readonly pixels: Pixels;
  readonly width: number;
  readonly height: number;
}

/** One for all files: it gives the memory of a file back when the next one comes. */
type Decoder = InstanceType<Libheif["HeifDecoder"]>;

let decoder: Promise<Decoder> | null = null;

/** Fetch the library without starting it; rejects with FileError. */
export const fetchHeif = (): Promise<ArrayBuffer> => loadBytes(wasmAddress);

async function load(): Promise<Decoder> {
  const wasmBinary = await fetchHeif();
  const create = createLibheif as unknown as (options: { wasmBinary: ArrayBuffer }) => Libheif;
  return new (create({ wasmBinary }).HeifDecoder)();
}

/** Return the main picture of a file, RGBA; rejects with FileError, UndecodableError. */
export async function decodeHeif(bytes: ArrayBuffer): Promise<HeifPicture> {
  decoder ??= load().catch((error: unknown) => {
    decoder = null;
    throw error;
  });
  const images = (await decoder).decode(withoutSequence(new Uint8Array(bytes)).buffer);
  try {
    const image = images.find((one) => one.is_primary()) ?? images[0];
    if (!image) throw new UndecodableError();
    const [width, height] = [image.get_width(), image.get_height()];
    checkSize(width, height);
    const pixels: Pixels = new Uint8ClampedArray(4 * width * height);
    const isDone = await new Promise<boolean>((resolve) =>
      image.display({ data: pixels, width, height }, (result) => resolve(result !== null)),
    );
    if (!isDone) throw new UndecodableError();
    return { pixels, width, height };
  } finally {
    for (const image of images) image.free();
  }
}
