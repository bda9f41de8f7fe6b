// SPDX-License-Identifier: Apache-2.0
/*
 * The chunks of a PNG, and the file written anew with its pixels and what they need to be shown: the rules of
 * stillmine.fingerprint.structure.png_chunks. Must never drop a chunk that changes what viewers show.
 */

import { readOrientation, UPRIGHT } from "./exif";

export type Bytes = Uint8Array<ArrayBuffer>;

export interface Chunk {
  readonly kind: string;
  /** Of its data; `end` may lie behind the file's. */
  readonly start: number;
  readonly end: number;
}

/** `isCut`: the file ends in its pixels, and more may be put behind them. */
export interface CleanPng {
  readonly before: readonly Bytes[];
  readonly pixels: readonly Bytes[];
  readonly after: readonly Bytes[];
  readonly isCut: boolean;
}

const MAXIMUM_CHUNKS = 100_000;
const SIDE = ["tRNS", "iCCP", "cICP", "sRGB", "gAMA", "cHRM", "acTL", "fcTL", "fdAT"];
const LENGTHS: Readonly<Record<string, number>> = { cICP: 4, sRGB: 1, gAMA: 4, cHRM: 32, acTL: 8, fcTL: 26 };
/** The least and the most bytes of a `tRNS` that decoders can read, by the header's kind of colours. */
const TRANSPARENCY_BYTES: Readonly<Record<number, readonly [least: number, most: number]>> = {
  0: [2, 2],
  2: [6, 6],
  3: [1, 256],
};
/** Its place in the header. */
const KIND_OF_COLOURS = 9;

/** Give each chunk up to the last, `IEND`, itself included where it is there. */
export function* chunksOf(bytes: Uint8Array): Generator<Chunk> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let place = 8;
  while (place + 8 <= bytes.length) {
    const kind = String.fromCharCode(...bytes.subarray(place + 4, place + 8));
    const end = place + 8 + view.getUint32(place);
    yield { kind, start: place + 8, end };
    if (kind === "IEND") return;
    place = end + 4;
  }
}

/** By the first `eXIf` in front of the pixels whose checksum is right. */
export function pngOrientation(bytes: Uint8Array): number {
  for (const chunk of chunksOf(bytes)) {
    if (chunk.kind === "IDAT") break;
    if (chunk.kind === "eXIf" && hasValidChecksum(bytes, chunk))
      return readOrientation(bytes.subarray(chunk.start, chunk.end));
  }
  return UPRIGHT;
}

/** The file without its Exif, in parts. */
export function withoutPngTurn(bytes: Bytes): Bytes[] {
  const parts: Bytes[] = [];
  let kept = 0;
  for (const { kind, start, end } of chunksOf(bytes)) {
    if (kind !== "eXIf") continue;
    parts.push(bytes.subarray(kept, start - 8));
    kept = end + 4;
  }
  return [...parts, bytes.subarray(kept)];
}

/** An animation whose file just stops is read as if its end were there: decoders wait for it before they give the last frame. */
export function withPngEnd(bytes: Bytes): Bytes {
  let whole = 8;
  for (const { kind, end } of chunksOf(bytes)) {
    if (end + 4 <= bytes.length) whole = end + 4;
    else if (kind !== "IEND") return bytes;
    else break;
    if (kind === "IEND") return bytes;
  }
  const written = new Uint8Array(whole + END.length);
  written.set(bytes.subarray(0, whole));
  written.set(END, whole);
  return written;
}

/** Whether an animated PNG has fewer frames than it says. */
export function lacksPngFrames(bytes: Uint8Array): boolean {
  let [declaredFrameCount, frameCount] = [0, 0];
  for (const { kind, start, end } of chunksOf(bytes)) {
    if (end > bytes.length) break;
    if (kind === "acTL" && end - start === 8)
      declaredFrameCount = new DataView(bytes.buffer, bytes.byteOffset + start).getUint32(0);
    if (kind === "fcTL") frameCount += 1;
  }
  return frameCount < declaredFrameCount;
}

/** Return the file's parts, written anew but for the end; null where it has too many chunks or no pixels at all. */
export function cleanPng(bytes: Bytes): CleanPng | null {
  const [before, pixels, after]: [Bytes[], Bytes[], Bytes[]] = [[], [], []];
  const header = headerOf(bytes);
  let [count, isCut] = [0, false];
  for (const chunk of chunksOf(bytes)) {
    count += 1;
    if (count > MAXIMUM_CHUNKS) return null;
    const data = bytes.subarray(chunk.start, chunk.end);
    if (chunk.kind === "IDAT") {
      pixels.push(data);
      isCut = chunk.end > bytes.length;
    } else if (
      chunk.kind === "PLTE" ||
      (SIDE.includes(chunk.kind) && hasValidChecksum(bytes, chunk) && fits(chunk, header))
    ) {
      (pixels.length > 0 ? after : before).push(writtenChunk(chunk.kind, [data]));
    }
  }
  if (!header || pixels.length === 0) return null;
  return { before: [bytes.subarray(0, 8), writtenChunk("IHDR", [header]), ...before], pixels, after, isCut };
}

/** What the first `IHDR` holds, wherever it stands; null where there is none, or an empty one. */
export function headerOf(bytes: Bytes): Bytes | null {
  for (const { kind, start, end } of chunksOf(bytes))
    if (kind === "IHDR" && end > start) return bytes.subarray(start, end);
  return null;
}

/** Whether a `tRNS` has a length that goes with the kind of colours. */
function fits({ kind, start, end }: Chunk, header: Bytes | null): boolean {
  const [least, most] = TRANSPARENCY_BYTES[header?.[KIND_OF_COLOURS] ?? 0] ?? [1, 0];
  return kind !== "tRNS" || (end - start >= least && end - start <= most);
}

/** A chunk whose checksum is right. */
export function writtenChunk(kind: string, data: readonly Uint8Array[]): Bytes {
  const length = data.reduce((sum, part) => sum + part.length, 0);
  const written = new Uint8Array(length + 12);
  const view = new DataView(written.buffer);
  view.setUint32(0, length);
  written.set(
    [...kind].map((sign) => sign.charCodeAt(0)),
    4,
  );
  let place = 8;
  for (const part of data) {
    written.set(part, place);
    place += part.length;
  }
  view.setUint32(place, checksumOf(written.subarray(4, place)));
  return written;
}

function hasValidChecksum(bytes: Uint8Array, { kind, start, end }: Chunk): boolean {
  if (end + 4 > bytes.length || end - start !== (LENGTHS[kind] ?? end - start)) return false;
  const stored = new DataView(bytes.buffer, bytes.byteOffset + end, 4).getUint32(0);
  return stored === checksumOf(bytes.subarray(start - 4, end));
}

/** CRC-32 of the PNG specification's annex D. */
function checksumOf(bytes: Uint8Array): number {
  let checksum = 0xffffffff;
  for (const byte of bytes) checksum = (TABLE[(checksum ^ byte) & 0xff] ?? 0) ^ (checksum >>> 8);
  return (checksum ^ 0xffffffff) >>> 0;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

const END = writtenChunk("IEND", []);
