// SPDX-License-Identifier: Apache-2.0
/* Whether a GIF, PNG, WebP or AVIF moves, from its own structure: no decoder is asked. */

import { holdsSequence, isAvif } from "./boxes";

/** Damaged files count as not animated; the picture part says what is wrong. */
export function isAnimated(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    switch (view.getUint32(0)) {
      case 0x47494638: // GIF8
        return hasTwoGifFrames(view);
      case 0x89504e47: // PNG
        return hasPngControl(view);
      case 0x52494646: // RIFF
        return view.getUint32(12) === 0x56503858 && (view.getUint8(20) & 2) !== 0; // VP8X and its flag
      default:
        return isAvif(bytes) && holdsSequence(bytes);
    }
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function hasTwoGifFrames(view: DataView): boolean {
  const tableBytes = (flags: number): number => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  let place = 13 + tableBytes(view.getUint8(10));
  let frames = 0;
  for (;;) {
    const block = view.getUint8(place);
    if (block === 0x2c) {
      frames += 1;
      if (frames === 2) return true;
      place = afterSubBlocks(view, place + 11 + tableBytes(view.getUint8(place + 9)));
    } else if (block === 0x21) {
      place = afterSubBlocks(view, place + 2);
    } else {
      return false;
    }
  }
}

function afterSubBlocks(view: DataView, start: number): number {
  let place = start;
  while (view.getUint8(place) !== 0) place += 1 + view.getUint8(place);
  return place + 1;
}

/** An animation's control chunk stands before the first data; one that names a single frame is a still picture. */
function hasPngControl(view: DataView): boolean {
  let place = 8;
  for (;;) {
    const kind = view.getUint32(place + 4);
    if (kind === 0x6163544c) return view.getUint32(place + 8) > 1; // acTL
    if (kind === 0x49444154) return false; // IDAT
    place += 12 + view.getUint32(place);
  }
}
