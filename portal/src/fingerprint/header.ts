// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the size of a picture from its first bytes, before any decoder sees it, and whether the file ends early.
 *
 * A few bytes can claim a billion pixels and take an old phone down. A file that ends early would give the fingerprint
 * of a half-grey picture, which finds nothing. A kind that is not known here is left to the browser.
 */

export interface Header {
  readonly width: number;
  readonly height: number;
  readonly isTruncated: boolean;
}

/** Return the header of a JPEG, PNG, GIF, WebP or BMP file; null for any other kind of file. */
export function readHeader(bytes: Uint8Array): Header | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    if (begins(bytes, [0xff, 0xd8, 0xff])) return readJpeg(view);
    if (begins(bytes, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return readPng(view);
    if (hasText(bytes, 0, "GIF8")) return { width: view.getUint16(6, true), height: view.getUint16(8, true), isTruncated: false };
    if (hasText(bytes, 0, "RIFF") && hasText(bytes, 8, "WEBP")) return readWebp(bytes, view);
    if (hasText(bytes, 0, "BM") && view.getUint32(14, true) >= 40) return readBmp(view);
  } catch (error) {
    if (error instanceof RangeError) return { width: 0, height: 0, isTruncated: true };
    throw error;
  }
  return null;
}

/** Walks the segments to the frame header, then looks for the end marker behind the first scan. */
function readJpeg(view: DataView): Header {
  let size = { width: 0, height: 0 };
  let place = 2;
  for (;;) {
    const marker = view.getUint16(place);
    if (marker === 0xffff) {
      place += 1;
      continue;
    }
    const length = view.getUint16(place + 2);
    if (marker === 0xffda) return { ...size, isTruncated: !hasJpegEnd(view, place + 2 + length) };
    if (isFrame(marker)) size = { height: view.getUint16(place + 5), width: view.getUint16(place + 7) };
    place += 2 + length;
  }
}

function isFrame(marker: number): boolean {
  return marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker);
}

function hasJpegEnd(view: DataView, start: number): boolean {
  for (let place = start; place + 1 < view.byteLength; place += 1) {
    if (view.getUint8(place) === 0xff && view.getUint8(place + 1) === 0xd9) return true;
  }
  return false;
}

/** Walks the chunks to the last one; a chunk that reaches past the end of the file means the file was cut. */
function readPng(view: DataView): Header {
  const size = { width: view.getUint32(16), height: view.getUint32(20) };
  let place = 8;
  while (place + 12 <= view.byteLength) {
    if (view.getUint32(place + 4) === 0x49454e44) return { ...size, isTruncated: false };
    place += 12 + view.getUint32(place);
  }
  return { ...size, isTruncated: true };
}

function readWebp(bytes: Uint8Array, view: DataView): Header {
  const isTruncated = view.getUint32(4, true) + 8 > bytes.length;
  const threeBytes = (place: number): number => view.getUint16(place, true) | (view.getUint8(place + 2) << 16);
  if (hasText(bytes, 12, "VP8X")) return { width: threeBytes(24) + 1, height: threeBytes(27) + 1, isTruncated };
  if (hasText(bytes, 12, "VP8L")) {
    const packed = view.getUint32(21, true);
    return { width: (packed & 0x3fff) + 1, height: ((packed >>> 14) & 0x3fff) + 1, isTruncated };
  }
  return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff, isTruncated };
}

function readBmp(view: DataView): Header {
  const isTruncated = view.getUint32(2, true) > view.byteLength;
  return { width: Math.abs(view.getInt32(18, true)), height: Math.abs(view.getInt32(22, true)), isTruncated };
}

function begins(bytes: Uint8Array, signature: readonly number[]): boolean {
  return signature.every((byte, place) => bytes[place] === byte);
}

function hasText(bytes: Uint8Array, start: number, text: string): boolean {
  return [...text].every((sign, place) => bytes[start + place] === sign.charCodeAt(0));
}
