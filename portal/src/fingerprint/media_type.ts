// SPDX-License-Identifier: Apache-2.0
/*
 * The type of a file, by its first bytes, for browsers' decoders: some believe the type, and it comes from the file's name, which lies.
 * What a file is for us is sniff.ts's word.
 */

import { START_BYTES } from "./limits";
import { familyOf } from "./sniff";

const HEAD_BYTES = 64;
const BEGINNINGS: readonly (readonly [string, string])[] = [
  ["\xff\xd8\xff", "image/jpeg"],
  ["\x89PNG", "image/png"],
  ["GIF8", "image/gif"],
  ["BM", "image/bmp"],
  ["II*\0", "image/tiff"],
  ["MM\0*", "image/tiff"],
  ["\0\0\0\x0cJXL ", "image/jxl"],
  ["\xff\x0a", "image/jxl"],
  ["OggS", "audio/ogg"],
  ["fLaC", "audio/flac"],
  ["ID3", "audio/mpeg"],
  ["\xff\xf1", "audio/aac"],
  ["\xff\xf9", "audio/aac"],
];
const RIFF_FORMS: Record<string, string> = { WEBP: "image/webp", WAVE: "audio/wav", "AVI ": "video/x-msvideo" };
const BRANDS: Record<string, string> = {
  avif: "image/avif",
  avis: "image/avif",
  "jxl ": "image/jxl",
  "qt  ": "video/quicktime",
};

/** Return the file with the type that its bytes have; as it is where they tell nothing, or can't be read. */
export async function withTrueType(file: Blob): Promise<Blob> {
  const start = await file
    .slice(0, START_BYTES)
    .arrayBuffer()
    .catch(() => null);
  if (!start || familyOf(new Uint8Array(start)) === "unknown") return file;
  return file.slice(0, file.size, mediaTypeOf(new Uint8Array(start)));
}

/** Return the type that a file's first START_BYTES bytes tell; empty where the browser may look for itself. */
export function mediaTypeOf(bytes: Uint8Array): string {
  const start = String.fromCharCode(...bytes.subarray(0, HEAD_BYTES));
  const form = start.slice(8, 12);
  const family = familyOf(bytes.subarray(0, START_BYTES));
  if (family === "heif") return "image/heif";
  if (start.startsWith("RIFF")) return RIFF_FORMS[form] ?? "";
  if (start.startsWith("\x1aE\xdf\xa3")) return start.includes("webm") ? "video/webm" : "video/x-matroska";
  if (start.slice(4, 8) === "ftyp") return BRANDS[form] ?? (family === "video" ? "video/mp4" : "image/avif");
  return BEGINNINGS.find(([beginning]) => start.startsWith(beginning))?.[1] ?? "";
}
