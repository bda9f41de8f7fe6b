// SPDX-License-Identifier: Apache-2.0
/*
 * The segments of a JPEG in front of its first scan: what they say, and the file without those that hold no pixels. The rules of
 * stillmine.fingerprint.structure.jpeg_segments. Must never drop a segment that changes what viewers show.
 */

import { beginsExif, readOrientation, UPRIGHT } from "./exif";

/** `isOnePass`: the rows come out as the file is read, so that a decoder needs little memory for a large picture. */
export interface JpegHead {
  readonly width: number;
  readonly height: number;
  readonly orientation: number;
  readonly isOnePass: boolean;
  /** Where the bytes of the first scan begin; null where the file ends before. */
  readonly scanAt: number | null;
}

export interface Segment {
  readonly marker: number;
  /** Of its content: behind marker and length. */
  readonly start: number;
  readonly end: number;
}

const EXIF = 0xe1;
const LONGEST_SEGMENT = 2 + 0xffff;
const START_OF_SCAN = 0xda;
const FRAMES = [0xc0, 0xc1, 0xc2, 0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf];
const ONE_PASS_FRAMES = [0xc0, 0xc1];
/** Side segments that say how colours are stored: how they begin, and the length from which a decoder can read them. */
const NEEDED: Readonly<Record<number, readonly [head: string, least: number]>> = {
  0xe0: ["JFIF\0", 14],
  0xe2: ["ICC_PROFILE\0", 15],
  0xee: ["Adobe", 12],
};

/** Give each segment up to the first scan's header; bytes between them are skipped, as decoders skip them. */
export function* segmentsOf(bytes: Uint8Array): Generator<Segment> {
  let place = 2;
  while ((place = bytes.indexOf(0xff, place)) >= 0 && place < bytes.length - 3) {
    const marker = bytes[place + 1] ?? 0;
    if (marker === 0xff || marker === 0 || marker === 1 || (marker >= 0xd0 && marker <= 0xd8)) {
      place += marker === 0xff ? 1 : 2;
      continue;
    }
    const length = ((bytes[place + 2] ?? 0) << 8) | (bytes[place + 3] ?? 0);
    const end = place + 2 + Math.max(2, length);
    yield { marker, start: place + 4, end };
    if (marker === START_OF_SCAN) return;
    place = end;
  }
}

/** Of several Exif segments the first counts. */
export function readJpegHead(bytes: Uint8Array): JpegHead {
  let [width, height, components, orientation] = [0, 0, 0, 0];
  for (const { marker, start, end } of segmentsOf(bytes)) {
    const content = bytes.subarray(start, end);
    const [, high = 0, low = 0, left = 0, right = 0, count = 0] = content;
    if (FRAMES.includes(marker)) {
      [height, width] = [(high << 8) | low, (left << 8) | right];
      components = ONE_PASS_FRAMES.includes(marker) ? components || count : -1;
    } else if (isExif(marker, content)) {
      orientation ||= readOrientation(content);
    } else if (marker === START_OF_SCAN) {
      const scanAt = end <= bytes.length ? end : null;
      return {
        width,
        height,
        orientation: orientation || UPRIGHT,
        isOnePass: components > 0 && content[0] === components,
        scanAt,
      };
    }
  }
  return { width, height, orientation: orientation || UPRIGHT, isOnePass: false, scanAt: null };
}

/** Whether the end marker stands anywhere behind the first scan's beginning. */
export function hasJpegEnd(bytes: Uint8Array, scanAt: number): boolean {
  for (let place = bytes.indexOf(0xff, scanAt); place >= 0; place = bytes.indexOf(0xff, place + 1)) {
    if (bytes[place + 1] === 0xd9) return true;
  }
  return false;
}

/** The file with its Exif hidden from decoders; the same bytes where it has none. */
export function withoutJpegTurn(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const places = [...segmentsOf(bytes)].filter(({ marker, start, end }) => isExif(marker, bytes.subarray(start, end)));
  if (places.length === 0) return bytes;
  const hidden = bytes.slice();
  for (const { start } of places) hidden.fill(0, start, start + 4);
  return hidden;
}

/**
 * The file without what stands between its segments in front of the first scan, with those side segments only that say how colours are
 * stored, and without a last segment that is cut.
 */
export function cleanJpeg(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] {
  const parts = [bytes.subarray(0, 2)];
  let place = 2;
  for (const { marker, start, end } of segmentsOf(bytes)) {
    if (marker === START_OF_SCAN) return [...parts, bytes.subarray(start - 4, Math.max(start, wholeEnd(bytes)))];
    if (!isSide(marker) || isNeeded(marker, bytes.subarray(start, end))) parts.push(bytes.subarray(start - 4, end));
    place = end;
  }
  return [...parts, bytes.subarray(place)];
}

/** Where the last segment begins if it is cut, as between the scans of a progressive file; else the end of the file. */
function wholeEnd(bytes: Uint8Array): number {
  let place = bytes.indexOf(0xff, Math.max(0, bytes.length - LONGEST_SEGMENT));
  while (place >= 0) {
    let behind = place + 1;
    while (bytes[behind] === 0xff) behind += 1;
    const marker = bytes[behind];
    if (marker === undefined || !isWithoutLength(marker)) {
      const length = ((bytes[behind + 1] ?? 0) << 8) | (bytes[behind + 2] ?? 0);
      if (behind + 3 > bytes.length || behind + 1 + length > bytes.length) return place;
    }
    place = bytes.indexOf(0xff, behind);
  }
  return bytes.length;
}

/** A stuffed byte, and markers that have no content. */
function isWithoutLength(marker: number): boolean {
  return marker < 2 || (marker >= 0xd0 && marker <= 0xd9);
}

function isExif(marker: number, content: Uint8Array): boolean {
  return marker === EXIF && beginsExif(content);
}

function isSide(marker: number): boolean {
  return (marker >= 0xe0 && marker <= 0xef) || marker === 0xfe;
}

function isNeeded(marker: number, content: Uint8Array): boolean {
  const needed = NEEDED[marker];
  return (
    needed !== undefined &&
    content.length >= needed[1] &&
    [...needed[0]].every((sign, place) => content[place] === sign.charCodeAt(0))
  );
}
