// SPDX-License-Identifier: Apache-2.0
/*
 * A picture's file as the browser's decoder is to have it: without the turn, which is read here, and, where the decoder refuses it, with
 * what holds no pixels put right. "Damage" and "Orientation" in spec/fingerprint.md.
 *
 * Works on bytes alone; the decoder has the last word. Must never make up a pixel that a case would store: `probe` is there so that the
 * caller notices.
 */

import { VARIANTS } from "@kernel/kernel";
import { UPRIGHT } from "./exif";
import { beforeFilms } from "./film_behind";
import { cleanGif } from "./gif";
import { cleanJpeg, readJpegHead, withoutJpegTurn } from "./jpeg";
import { cleanPng, pngOrientation, withoutPngTurn, writtenChunk } from "./png";
import { cleanWebp, webpOrientation, withoutWebpTurn } from "./webp";

type Bytes = Uint8Array<ArrayBuffer>;

export type Turn = (typeof VARIANTS)[number];

/** A picture to decode; `turn` is what makes it upright afterwards. */
export interface Prepared {
  readonly file: Blob;
  readonly turn: Turn;
}

/** `probe` is the same with other bits where the file ends: if the pixels differ, some are missing. */
export interface Mended extends Prepared {
  readonly probe: Blob | null;
}

export type PictureKind = "jpeg" | "png" | "gif" | "webp" | "other";

const SIGNATURES: readonly (readonly [PictureKind, string])[] = [
  ["jpeg", "\xff\xd8\xff"],
  ["png", "\x89PNG\r\n\x1a\n"],
  ["gif", "GIF8"],
];
const TURNS: readonly Turn[] = [
  "original",
  "flip_horizontal",
  "rotate180",
  "flip_vertical",
  "transpose",
  "rotate270",
  "transverse",
  "rotate90",
];
/** Bits that any decoder makes other pixels of than of none. */
const FILLING = Uint8Array.from({ length: 64 }, (_, index) => [0x5a, 0xa5, 0x33, 0xcc][index % 4] ?? 0);
/** With each restart marker: a decoder that waits for one passes over all bits in front of it. */
const JPEG_FILLING = [
  FILLING,
  ...Array.from({ length: 8 }, (_, number) => Uint8Array.of(0xff, 0xd0 + number, ...FILLING)),
];
const JPEG_END = Uint8Array.of(0xff, 0xd9);

export function kindOf(bytes: Uint8Array): PictureKind {
  const start = String.fromCharCode(...bytes.subarray(0, 12));
  if (start.startsWith("RIFF") && start.endsWith("WEBP")) return "webp";
  return SIGNATURES.find(([, signature]) => start.startsWith(signature))?.[0] ?? "other";
}

/** The file as it is, its turn told apart. */
export function prepare(file: Blob, bytes: Bytes): Prepared {
  switch (kindOf(bytes)) {
    case "jpeg":
      return prepared(file, bytes, [withoutJpegTurn(bytes)], readJpegHead(bytes).orientation);
    case "png":
      return prepared(file, bytes, withoutPngTurn(bytes), pngOrientation(bytes));
    case "webp":
      return prepared(file, bytes, [withoutWebpTurn(bytes)], webpOrientation(bytes));
    default:
      return { file, turn: "original" };
  }
}

/** The file put right; null where there is nothing to put right. */
export function mend(bytes: Bytes): Mended | null {
  switch (kindOf(bytes)) {
    case "jpeg":
      return mendJpeg(bytes);
    case "png":
      return mendPng(bytes);
    case "gif": {
      const clean = cleanGif(bytes, FILLING);
      return (
        clean && {
          file: new Blob([...clean.parts]),
          turn: "original",
          probe: clean.probe && new Blob([...clean.probe]),
        }
      );
    }
    case "webp": {
      const clean = cleanWebp(bytes);
      return clean && { file: new Blob([clean]), turn: turnOf(webpOrientation(bytes)), probe: null };
    }
    default:
      return null;
  }
}

/** The browser reads an untouched file by itself; only a changed one is held here. */
function prepared(file: Blob, bytes: Bytes, parts: readonly Bytes[], orientation: number): Prepared {
  const isUntouched = parts.length === 1 && parts[0]?.length === bytes.length && parts[0].buffer === bytes.buffer;
  return { file: isUntouched ? file : new Blob([...parts]), turn: turnOf(orientation) };
}

function mendJpeg(bytes: Bytes): Mended {
  const parts = cleanJpeg(beforeFilms(bytes));
  const turn = turnOf(readJpegHead(bytes).orientation);
  return { file: new Blob([...parts, JPEG_END]), turn, probe: new Blob([...parts, ...JPEG_FILLING, JPEG_END]) };
}

function mendPng(bytes: Bytes): Mended | null {
  const clean = cleanPng(bytes);
  if (!clean) return null;
  const written = (pixels: readonly Bytes[]): Blob =>
    new Blob([...clean.before, writtenChunk("IDAT", pixels), ...clean.after, writtenChunk("IEND", [])]);
  const probe = clean.isCut ? written([...clean.pixels, FILLING]) : null;
  return { file: written(clean.pixels), turn: turnOf(pngOrientation(bytes)), probe };
}

function turnOf(orientation: number): Turn {
  return TURNS[orientation - UPRIGHT] ?? "original";
}
