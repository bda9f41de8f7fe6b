// SPDX-License-Identifier: Apache-2.0
/* The parts of a WebP: its turn, the file without it, and with the size that it has. */

import { readOrientation, UPRIGHT } from "./exif";

type Bytes = Uint8Array<ArrayBuffer>;

const FIRST_PART = 12;

/** By the first `EXIF` part. */
export function webpOrientation(bytes: Uint8Array): number {
  for (const { kind, start, end } of partsOf(bytes))
    if (kind === "EXIF") return readOrientation(bytes.subarray(start, end));
  return UPRIGHT;
}

/** The file with its Exif under a name that no decoder knows; the same bytes where it has none. */
export function withoutWebpTurn(bytes: Bytes): Bytes {
  const places = [...partsOf(bytes)].filter(({ kind }) => kind === "EXIF");
  if (places.length === 0) return bytes;
  const hidden = bytes.slice();
  for (const { start } of places) hidden.set([0x78, 0x78, 0x78, 0x78], start - 8);
  return hidden;
}

/** The file saying the size that it has, without its turn; null where its last part is cut. */
export function cleanWebp(bytes: Bytes): Bytes | null {
  const parts = [...partsOf(bytes)];
  const end = parts[parts.length - 1]?.end ?? Infinity;
  if (end > bytes.length) return null;
  const clean = withoutWebpTurn(bytes).slice();
  new DataView(clean.buffer).setUint32(4, bytes.length - 8, true);
  return clean;
}

function* partsOf(bytes: Uint8Array): Generator<{ kind: string; start: number; end: number }> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let place = FIRST_PART;
  while (place + 8 <= bytes.length) {
    const end = place + 8 + view.getUint32(place + 4, true);
    yield { kind: String.fromCharCode(...bytes.subarray(place, place + 4)), start: place + 8, end };
    place = end + (end & 1);
  }
}
