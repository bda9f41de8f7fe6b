// SPDX-License-Identifier: Apache-2.0
/* Boxes of a file of boxes (MP4, MOV, HEIF, AVIF), and a sequence in a picture's file: the rules of stillmine.fingerprint.structure.boxes. */

const MAXIMUM_BOXES = 10_000;
const LONGEST_FILE_TYPE = 256;

/** `body` is where its content begins; `end` may lie behind the bytes. */
export interface Box {
  readonly kind: string;
  readonly start: number;
  readonly body: number;
  readonly end: number;
}

/** Give the boxes that stand side by side in a part of the bytes, as far as their sizes make sense. */
export function* boxesIn(bytes: Uint8Array, from = 0, to = bytes.length): Generator<Box> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let start = from;
  for (let count = 0; count < MAXIMUM_BOXES && start + 8 <= to; count += 1) {
    const short = view.getUint32(start);
    const isLong = short === 1 && start + 16 <= to;
    const size = isLong ? Number(view.getBigUint64(start + 8)) : short === 0 ? to - start : short;
    if (size < 8) return;
    yield { kind: textAt(bytes, start + 4), start, body: start + (isLong ? 16 : 8), end: start + size };
    start += size;
  }
}

export function isOfBoxes(bytes: Uint8Array): boolean {
  return textAt(bytes, 4) === "ftyp";
}

/** Whether a picture's file has pictures in time. */
export function holdsSequence(bytes: Uint8Array): boolean {
  return isOfBoxes(bytes) && [...boxesIn(bytes)].some(({ kind }) => kind === "moov");
}

export function isAvif(bytes: Uint8Array): boolean {
  if (!isOfBoxes(bytes)) return false;
  const end = Math.min(bytes.length, LONGEST_FILE_TYPE, new DataView(bytes.buffer, bytes.byteOffset).getUint32(0));
  const brands = [textAt(bytes, 8)];
  for (let place = 16; place + 4 <= end; place += 4) brands.push(textAt(bytes, place));
  return brands.includes("avif") || brands.includes("avis");
}

/** Return a picture file's sequence as a movie; its stills are hidden, and its tracks named as a movie's are. */
export function asMovie(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const movie = without(bytes, "meta");
  write(movie, 8, "isom");
  for (const box of boxesIn(bytes)) if (box.kind === "moov") nameTracks(movie, box);
  return movie;
}

/** Return a picture's file with its stills alone: a sequence that is damaged must not cost them. */
export function withoutSequence(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return holdsSequence(bytes) ? without(bytes, "moov") : bytes;
}

/** Places in the file stay as they are. */
function without(bytes: Uint8Array, kind: string): Uint8Array<ArrayBuffer> {
  const changed = Uint8Array.from(bytes);
  for (const box of boxesIn(bytes)) if (box.kind === kind) write(changed, box.start + 4, "free");
  return changed;
}

function nameTracks(movie: Uint8Array, { body, end }: Box): void {
  for (const box of boxesIn(movie, body, Math.min(end, movie.length))) {
    if (box.kind === "trak" || box.kind === "mdia") nameTracks(movie, box);
    if (box.kind === "hdlr" && textAt(movie, box.body + 8) === "pict") write(movie, box.body + 8, "vide");
  }
}

/** Whether the head of a movie stands here, where its first box's size is. */
export function startsMovie(bytes: Uint8Array, place: number): boolean {
  if (place < 0 || place + 16 > bytes.length || textAt(bytes, place + 4) !== "ftyp") return false;
  const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(place);
  return size > 8 && size <= LONGEST_FILE_TYPE && size % 4 === 0;
}

export function textAt(bytes: Uint8Array, place: number): string {
  return String.fromCharCode(...bytes.subarray(place, place + 4));
}

function write(bytes: Uint8Array, place: number, text: string): void {
  bytes.set(
    [...text].map((sign) => sign.charCodeAt(0)),
    place,
  );
}
