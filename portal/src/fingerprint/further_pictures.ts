// SPDX-License-Identifier: Apache-2.0
/*
 * Whether a still file shows more pictures than the one that is fingerprinted: "Several pictures" of spec/fingerprint.md, told by the
 * file's structure. Damaged files say no here; the picture part says what is wrong.
 */

import { boxesIn, isOfBoxes, textAt, type Box } from "./boxes";

const MPO_INDEX_BYTES = 256 * 1024;
const MPO_ENTRIES = 0xb002;
const PREVIEW = 0x01;
const AUXILIARY_MARKS = ["hdrgm:", "urn:iso:std:iso:ts:21496", "hdrgainmap", "AuxiliaryImageType"];
const AUXILIARY_HEAD_BYTES = 64 * 1024;
const NO_PICTURES = ["Exif", "mime", "uri "];
const PARTS = ["thmb", "auxl"];

export function hasFurtherPictures(bytes: Uint8Array): boolean {
  try {
    if (bytes[0] === 0xff && bytes[1] === 0xd8) return hasMpo(bytes);
    if (textAt(bytes, 0) === "II*\0" || textAt(bytes, 0) === "MM\0*") return hasTwoPages(bytes);
    return isOfBoxes(bytes) && hasTwoItems(bytes);
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** Whether a PNG holds a picture that is hidden where animations are shown. */
export function hasHiddenPicture(bytes: Uint8Array): boolean {
  try {
    return textAt(bytes, 0) === "\x89PNG" && hasHiddenDefault(bytes);
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** An animation's control chunk, and then the default picture without the frame's own: it is hidden where animations are shown. */
function hasHiddenDefault(bytes: Uint8Array): boolean {
  const view = viewOf(bytes);
  let isAnimated = false;
  for (let place = 8; ; place += 12 + view.getUint32(place)) {
    const kind = textAt(bytes, place + 4);
    if (kind === "acTL") isAnimated = true;
    if (kind === "fcTL") return false;
    if (kind === "IDAT") return isAnimated;
  }
}

function hasTwoPages(bytes: Uint8Array): boolean {
  const view = viewOf(bytes);
  const isLittle = bytes[0] === 0x49;
  const first = view.getUint32(4, isLittle);
  return view.getUint32(first + 2 + 12 * view.getUint16(first, isLittle), isLittle) !== 0;
}

/** The list of JPEGs behind a JPEG; its entries have an attribute, a size, and a place from the list on. */
function hasMpo(bytes: Uint8Array): boolean {
  const text = latin(bytes.subarray(0, MPO_INDEX_BYTES));
  const start = text.indexOf("MPF\0") + 4;
  if (start < 4) return false;
  const view = viewOf(bytes);
  const isLittle = bytes[start] === 0x49;
  const [directory, long] = [
    start + view.getUint32(start + 4, isLittle),
    (place: number): number => view.getUint32(place, isLittle),
  ];
  for (let tag = directory + 2; tag < directory + 2 + 12 * view.getUint16(directory, isLittle); tag += 12) {
    if (view.getUint16(tag, isLittle) !== MPO_ENTRIES) continue;
    const [size, entries] = [long(tag + 4), start + long(tag + 8)];
    for (let entry = entries + 16; entry < entries + size; entry += 16) {
      const isPreview = ((long(entry) >>> 16) & 0xff) === PREVIEW;
      const picture = bytes.subarray(start + long(entry + 8), start + long(entry + 8) + long(entry + 4));
      if (!isPreview && isShown(picture)) return true;
    }
  }
  return false;
}

function isShown(picture: Uint8Array): boolean {
  const head = latin(picture.subarray(0, AUXILIARY_HEAD_BYTES));
  return head.startsWith("\xff\xd8\xff") && !AUXILIARY_MARKS.some((mark) => head.includes(mark));
}

/** Two items that are neither hidden, nor text, nor a part of another: tiles, thumbnails, depths and gain maps are. */
function hasTwoItems(bytes: Uint8Array): boolean {
  const meta = [...boxesIn(bytes)].find(({ kind }) => kind === "meta");
  if (!meta) return false;
  const inside = [...boxesIn(bytes, meta.body + 4, Math.min(meta.end, bytes.length))];
  const items = inside.find(({ kind }) => kind === "iinf");
  const references = inside.find(({ kind }) => kind === "iref");
  const parts = references ? partsIn(bytes, references) : new Set<number>();
  return items !== undefined && picturesIn(bytes, items).filter((id) => !parts.has(id)).length > 1;
}

function picturesIn(bytes: Uint8Array, { body, end }: Box): readonly number[] {
  const view = viewOf(bytes);
  const ids: number[] = [];
  for (const entry of boxesIn(bytes, body + (bytes[body] === 0 ? 6 : 8), Math.min(end, bytes.length))) {
    const [isLong, isHidden] = [bytes[entry.body] === 3, ((bytes[entry.body + 3] ?? 0) & 1) !== 0];
    const id = isLong ? view.getUint32(entry.body + 4) : view.getUint16(entry.body + 4);
    const kind = textAt(bytes, entry.body + (isLong ? 10 : 8));
    if (entry.kind === "infe" && !isHidden && !NO_PICTURES.includes(kind)) ids.push(id);
  }
  return ids;
}

/** Items that belong to others: what a thumbnail or an auxiliary picture is by where its reference begins, a tile by where it ends. */
function partsIn(bytes: Uint8Array, { body, end }: Box): ReadonlySet<number> {
  const view = viewOf(bytes);
  const isLong = bytes[body] !== 0;
  const parts = new Set<number>();
  for (const reference of boxesIn(bytes, body + 4, Math.min(end, bytes.length))) {
    const width = isLong ? 4 : 2;
    const idAt = (place: number): number => (isLong ? view.getUint32(place) : view.getUint16(place));
    if (PARTS.includes(reference.kind)) parts.add(idAt(reference.body));
    if (reference.kind !== "dimg") continue;
    const count = view.getUint16(reference.body + width);
    for (let target = 0; target < count; target += 1) parts.add(idAt(reference.body + width + 2 + width * target));
  }
  return parts;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function latin(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}
