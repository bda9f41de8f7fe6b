// SPDX-License-Identifier: Apache-2.0
/*
 * What the first bytes of a file say it is: the rules of stillmine.fingerprint.signatures. Never by its name, which lies.
 *
 * A container may hold pictures or sound; which of them it holds is known when it is opened.
 */

export const START_BYTES = 64;

export type Family = "picture" | "animatable" | "heif" | "video" | "sound" | "unknown";

const PICTURES = ["\xff\xd8\xff", "BM", "II*\0", "MM\0*", "II+\0", "MM\0+", "\0\0\0\x0cJXL ", "\xff\x0a", "8BPS"];
const ANIMATABLE = ["GIF87a", "GIF89a", "\x89PNG\r\n\x1a\n"];
const HEIF_BRANDS = ["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"];
const PICTURE_BRANDS = ["avif", "avis", "jxl "];
const MOV_ATOMS = ["ftyp", "moov", "mdat", "wide", "free", "skip", "pnot", "styp"];
const SOUNDS = ["OggS", "fLaC", "ID3", "#!AMR", "caff"];

/** Return what the first START_BYTES bytes look like. */
export function familyOf(bytes: Uint8Array): Family {
  const start = String.fromCharCode(...bytes.subarray(0, START_BYTES));
  const begins = (signatures: readonly string[]): boolean => signatures.some((signature) => start.startsWith(signature));
  const form = start.slice(8, 12);
  if (begins(ANIMATABLE) || (start.startsWith("RIFF") && form === "WEBP")) return "animatable";
  if (begins(PICTURES)) return "picture";
  const atom = start.slice(4, 8);
  if (atom === "ftyp" && HEIF_BRANDS.includes(form)) return "heif";
  if (atom === "ftyp" && PICTURE_BRANDS.includes(form)) return "picture";
  if (MOV_ATOMS.includes(atom) || begins(["\x1aE\xdf\xa3"]) || (start.startsWith("RIFF") && form === "AVI ")) return "video";
  if (begins(SOUNDS) || (start.startsWith("RIFF") && form === "WAVE") || (start.startsWith("FORM") && /^AIF[FC]$/.test(form))) return "sound";
  return bytes[0] === 0xff && ((bytes[1] ?? 0) & 0xe0) === 0xe0 ? "sound" : "unknown";
}

/** Whether the browser says of a file, by the type that its system knows, that it is a picture, a video or a sound. */
export function saysItIsMedium(type: string): boolean {
  return /^(image|video|audio)\//.test(type);
}
