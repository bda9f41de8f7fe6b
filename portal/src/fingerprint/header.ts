// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the size of a picture from its first bytes, before any decoder sees it, and whether what ends the file is missing.
 *
 * A few bytes can claim a billion pixels and take an old phone down. Some browsers show half of a picture without a word, and its
 * fingerprint would find nothing. A kind that is not known here is left to the browser.
 */

import { hasJpegEnd, readJpegHead } from "./jpeg";
import { chunksOf } from "./png";

export interface Header {
  readonly width: number;
  readonly height: number;
  readonly isTruncated: boolean;
}

/** Return the header of a JPEG, PNG, GIF, WebP or BMP file; null for any other kind of file. */
export function readHeader(bytes: Uint8Array): Header | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    if (begins(bytes, [0xff, 0xd8, 0xff])) return readJpeg(bytes);
    if (begins(bytes, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return readPng(bytes, view);
    if (hasText(bytes, 0, "GIF8"))
      return { width: view.getUint16(6, true), height: view.getUint16(8, true), isTruncated: false };
    if (hasText(bytes, 0, "RIFF") && hasText(bytes, 8, "WEBP")) return readWebp(bytes, view);
    if (hasText(bytes, 0, "BM") && view.getUint32(14, true) >= 40) return readBmp(view);
  } catch (error) {
    if (error instanceof RangeError) return { width: 0, height: 0, isTruncated: true };
    throw error;
  }
  return null;
}

/** The frame's header stands in front of the first scan, the end marker behind it. */
function readJpeg(bytes: Uint8Array): Header {
  const { width, height, scanAt } = readJpegHead(bytes);
  return { width, height, isTruncated: scanAt === null || !hasJpegEnd(bytes, scanAt) };
}

/** Walks the chunks to the last one, which a file that was cut lacks; the size is in the first header, even where others stand before it. */
function readPng(bytes: Uint8Array, view: DataView): Header {
  let [width, height] = [0, 0];
  for (const { kind, start, end } of chunksOf(bytes)) {
    if (kind === "IHDR" && width === 0) [width, height] = [view.getUint32(start), view.getUint32(start + 4)];
    if (kind === "IEND") return { width, height, isTruncated: end + 4 > bytes.length };
  }
  return { width, height, isTruncated: true };
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
  const [width, height] = [Math.abs(view.getInt32(18, true)), Math.abs(view.getInt32(22, true))];
  const rowBytes = 4 * Math.ceil((width * view.getUint16(28, true)) / 32);
  const isPacked = view.getUint32(30, true) % 3 !== 0; // 0 and 3 store each pixel by itself
  return { width, height, isTruncated: !isPacked && view.getUint32(10, true) + rowBytes * height > view.byteLength };
}

function begins(bytes: Uint8Array, signature: readonly number[]): boolean {
  return signature.every((byte, place) => bytes[place] === byte);
}

function hasText(bytes: Uint8Array, start: number, text: string): boolean {
  return [...text].every((sign, place) => bytes[start + place] === sign.charCodeAt(0));
}
