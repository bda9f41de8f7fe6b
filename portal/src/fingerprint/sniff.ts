// SPDX-License-Identifier: Apache-2.0
/*
 * What the first bytes of a file say it is: the rules of stillmine.fingerprint.structure.signatures, held by vectors/families.json
 * and vectors/sniff.json. Never by its name, which lies.
 *
 * A container may hold pictures or sound; which of them it holds is known when it is opened. What no browser reads is a video or a
 * sound all the same: it has its digest.
 */

import { START_BYTES } from "./limits";

export type Family = "picture" | "animatable" | "heif" | "video" | "sound" | "unknown";

const PICTURES = ["\xff\xd8\xff", "BM", "II*\0", "MM\0*", "II+\0", "MM\0+", "\0\0\0\x0cJXL ", "\xff\x0a", "8BPS"];
const ANIMATABLE = ["GIF87a", "GIF89a", "\x89PNG\r\n\x1a\n"];
const HEIF_BRANDS = ["heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs", "mif1", "mif2", "miaf", "msf1"];
const PICTURE_BRANDS = ["avif", "avis", "jxl "];
/** How the first brand of videos and sounds begins: what else they name says which boxes they have, not what they are. */
const VIDEO_BRANDS = [
  "iso",
  "mp4",
  "mp7",
  "avc",
  "qt  ",
  "M4",
  "f4",
  "F4",
  "3g",
  "mmp4",
  "MSNV",
  "dash",
  "cmf",
  "XAVC",
  "CAEP",
];
const FILE_TYPE_BYTES = 256;
const MOV_ATOMS = ["ftyp", "moov", "mdat", "wide", "free", "skip", "pnot", "styp"];
const FORMS: Record<string, Family> = {
  "RIFF WEBP": "animatable",
  "RIFF AVI ": "video",
  "RIFF CDXA": "video",
  "RIFF WAVE": "sound",
  "RF64 WAVE": "sound",
  "BW64 WAVE": "sound",
  "FORM AIFF": "sound",
  "FORM AIFC": "sound",
};
const VIDEOS = [
  "\x1aE\xdf\xa3",
  "\0\0\x01\xba",
  "\0\0\x01\xb3",
  "FLV\x01",
  "\x30\x26\xb2\x75\x8e\x66\xcf\x11",
  ".RMF",
  "\x06\x0e\x2b\x34",
  "DKIF",
  "YUV4MPEG2",
  "\xb7\xd8\x00\x20\x37\x49\xda\x11",
  "nut/multimedia",
];
const SOUNDS = [
  ...["OggS", "fLaC", "ID3", "#!AMR", "caff", "riff\x2e\x91\xcf\x11", "\x7f\xfe\x80\x01", ".snd"],
  ...[
    "MThd",
    "MAC \x96\x0f",
    "wvpk",
    "MPCK",
    "MP+\x07",
    "MP+\x17",
    "TTA1",
    ".ra\xfd",
    "DSD \x1c",
    "FRM8",
    "Creative Voice",
  ],
];
const PACKET_BYTES = [188, 192, 204];
const PACKETS_THAT_FOLLOW = 5;
const SYNC = 0x47;
const LATEST_AC3 = 16;

/** Return what the first START_BYTES bytes look like. */
export function familyOf(bytes: Uint8Array): Family {
  const start = String.fromCharCode(...bytes.subarray(0, START_BYTES));
  const begins = (signatures: readonly string[]): boolean =>
    signatures.some((signature) => start.startsWith(signature));
  const form = FORMS[`${start.slice(0, 4)} ${start.slice(8, 12)}`];
  if (begins(ANIMATABLE) || form === "animatable") return "animatable";
  if (begins(PICTURES)) return "picture";
  if (isOfBoxes(bytes)) return familyOfBoxes(start);
  if (form) return form;
  if (begins(VIDEOS)) return "video";
  if (begins(SOUNDS) || isAc3(bytes)) return "sound";
  if (isTransportStream(bytes.subarray(0, START_BYTES))) return "video";
  return isMpegSound(bytes.subarray(0, START_BYTES)) ? "sound" : "unknown";
}

/** Whether the file is made of boxes, as MP4, MOV and HEIC are. */
export function isOfBoxes(bytes: Uint8Array): boolean {
  return MOV_ATOMS.includes(String.fromCharCode(...bytes.subarray(4, 8)));
}

/** Whether packets of a transport stream follow each other, also where a recording begins within one. */
function isTransportStream(bytes: Uint8Array): boolean {
  return PACKET_BYTES.some((length) => {
    for (let first = 0; first < length; first += 1) {
      let count = 0;
      while (count < PACKETS_THAT_FOLLOW && bytes[first + count * length] === SYNC) count += 1;
      if (count === PACKETS_THAT_FOLLOW) return true;
    }
    return false;
  });
}

/** Whether the browser says of a file, by the type that its system knows, that it is a picture, a video or a sound. */
export function isMediaMimeType(type: string): boolean {
  return /^(image|video|audio)\//.test(type);
}

/** A picture by its first brand, or by any of the others where the first is no video's. */
function familyOfBoxes(start: string): Family {
  const brands = brandsOf(start);
  if (VIDEO_BRANDS.some((video) => brands[0]?.startsWith(video))) return "video";
  if (brands.some((brand) => PICTURE_BRANDS.includes(brand))) return "picture";
  return brands.some((brand) => HEIF_BRANDS.includes(brand)) ? "heif" : "video";
}

/** What a file of boxes says that it is, the first one first. */
function brandsOf(start: string): readonly string[] {
  if (start.slice(4, 8) !== "ftyp") return [];
  const size = [...start.slice(0, 4)].reduce((sum, sign) => sum * 256 + sign.charCodeAt(0), 0);
  const end = Math.min(size, start.length, FILE_TYPE_BYTES);
  const others = Array.from({ length: Math.max(0, Math.floor((end - 16) / 4)) }, (_, place) =>
    start.slice(16 + 4 * place, 20 + 4 * place),
  );
  return [start.slice(8, 12), ...others];
}

function isAc3(bytes: Uint8Array): boolean {
  return bytes[0] === 0x0b && bytes[1] === 0x77 && (bytes[5] ?? 0xff) >> 3 <= LATEST_AC3;
}

/** A frame or a tag of MPEG sound, perhaps behind zeros that some programs leave in front. */
function isMpegSound(bytes: Uint8Array): boolean {
  const first = bytes.findIndex((byte) => byte !== 0);
  if (first > 0 && String.fromCharCode(...bytes.subarray(first, first + 3)) === "ID3") return true;
  const [sync = 0, kind = 0, rates = 0xff] = bytes.subarray(Math.max(0, first));
  if (sync !== 0xff || (kind & 0xe0) !== 0xe0) return false;
  if (first === 0) return true;
  const [version, layer, bitRate, samplingRate] = [(kind >> 3) & 3, (kind >> 1) & 3, rates >> 4, (rates >> 2) & 3];
  return (
    version !== 1 && layer !== 0 && bitRate !== 0 && bitRate !== 15 && samplingRate !== 3 && bytes.length - first >= 4
  );
}
