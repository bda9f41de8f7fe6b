// SPDX-License-Identifier: Apache-2.0
/*
 * One file of any kind to what it gives: spec/portal.md, "What a file gives". Joins the parts, which are loaded when a file needs
 * them. Must never drop silently what could not be made: it is in `notes`.
 */

import { FULL_QUALITY, type Fingerprint, type Kind } from "../wire/types";
import { isAnimated } from "./animated";
import { isShorterThanDeclared } from "./declared_size";
import type { DigestKind } from "./digests";
import { filmsBehind } from "./film_behind";
import { hasFurtherPictures, hasHiddenPicture } from "./further_pictures";
import { findingOfPicture, isGiven, kindsGiven, type FileClass, type Found } from "./gives";
import { MAXIMUM_FILE_BYTES, MAXIMUM_PICTURE_BYTES, START_BYTES } from "./limits";
import { part } from "./load";
import type { FileFingerprints, FileNote, OnProgress } from "./made";
import { kindOf } from "./mend";
import { fingerprintPicture } from "./picture_hash";
import { lacksPngFrames, withPngEnd } from "./png";
import { FileError, UndecodableError, type UndecodableReason } from "./problems";
import { familyOf, isMediaMimeType, type Family } from "./sniff";
import { Stages } from "./stages";
import type { Tools } from "./tools";

type Made = Omit<FileFingerprints, "type">;
type Films = ReturnType<typeof filmsBehind>;

/** Notes of pictures that the first one's fingerprint does not stand for. */
const FURTHER: readonly FileNote[] = ["further_pictures", "hidden_picture"];
const USUAL_OF_FILMS: readonly FileNote[] = [
  "video_has_no_sound",
  "sound_too_short",
  "sound_without_detail",
  "sound_not_readable",
];

/** Rejects with FileError. */
export async function makeFile(file: Blob, tools: Tools, onProgress: OnProgress): Promise<FileFingerprints> {
  if (file.size === 0) throw new FileError("empty");
  const family = familyOf(new Uint8Array(await bytesOf(file.slice(0, START_BYTES))));
  const isPicture = family === "picture" || family === "animatable" || family === "heif";
  if (file.size > MAXIMUM_FILE_BYTES) throw new FileError("too_large");
  const stages = new Stages(onProgress);
  if (isPicture) return makePicture(file, family, tools, stages);
  if (family === "video" || family === "sound") return makeTimed(file, family, tools, stages);
  if (!isMediaMimeType(file.type)) throw new FileError("not_medium");
  return withDigest(file, "unknown", { type: "other", fingerprints: [], notes: ["not_readable"] }, stages.next(1));
}

async function makePicture(file: Blob, family: Family, tools: Tools, stages: Stages): Promise<FileFingerprints> {
  if (file.size > MAXIMUM_PICTURE_BYTES) return byDigest(file, "picture_too_large", stages);
  const buffer = await bytesOf(file);
  const bytes = new Uint8Array(buffer);
  if (family !== "heif" && isAnimated(bytes)) return makeAnimation(file, buffer, tools, stages);
  const still = await stillOf(file, family, buffer, tools);
  const films = filmsBehind(bytes);
  const film = await filmOf(films, tools, stages);
  const notes = [...still.notes, ...film.notes, ...furtherOf(bytes)];
  const made: FileFingerprints = {
    type: film.fingerprints.length > 0 ? "animation" : "picture",
    fingerprints: [...still.fingerprints, ...film.fingerprints],
    notes,
  };
  return withDigest(file, films.length > 0 ? "motion_photo" : "image", made, stages.next(1));
}

/** What the first film that belongs to a photograph gives; that it is short and mostly silent goes without saying. */
async function filmOf(films: Films, tools: Tools, stages: Stages): Promise<Made> {
  const [film, ...further] = films;
  if (!film) return { fingerprints: [], notes: [] };
  const { fingerprintTimed } = await part(import("./moving"));
  const made = await fingerprintTimed(film, "video", tools, stages);
  if (made.fingerprints.length === 0) return { fingerprints: [], notes: ["film_not_readable"] };
  const notes = made.notes.filter((note) => !USUAL_OF_FILMS.includes(note));
  return { fingerprints: made.fingerprints, notes: further.length > 0 ? [...notes, "further_films"] : notes };
}

function furtherOf(bytes: Uint8Array): readonly FileNote[] {
  if (hasHiddenPicture(bytes)) return ["hidden_picture"];
  return hasFurtherPictures(bytes) ? ["further_pictures"] : [];
}

function byDigest(file: Blob, note: FileNote, stages: Stages): Promise<FileFingerprints> {
  return withDigest(file, "image", { type: "picture", fingerprints: [], notes: [note] }, stages.next(1));
}

/** The `pdq` and the `regions` of a picture, and notes of why one is not there. */
async function stillOf(file: Blob, family: Family, bytes: ArrayBuffer, tools: Tools): Promise<Made> {
  try {
    const { value, quality, regions, isMended } = await fingerprintPicture(file, family, bytes, tools);
    if (!isGiven(findingOfPicture(quality))) return { fingerprints: [], notes: ["picture_too_little_detail"] };
    const pdq = { kind: "pdq", value, quality } as const;
    const notes: readonly FileNote[] = isMended ? ["end_missing"] : [];
    if (regions === null) return { fingerprints: [pdq], notes: [...notes, "few_regions"] };
    return { fingerprints: [pdq, { kind: "regions", value: regions, quality: FULL_QUALITY }], notes };
  } catch (error) {
    if (!(error instanceof UndecodableError)) throw error;
    return { fingerprints: [], notes: [await noteOf(error.reason, file)] };
  }
}

async function noteOf(reason: UndecodableReason, file: Blob): Promise<FileNote> {
  if (reason === "too_small") return "picture_too_little_detail";
  return reason === "not_readable" && (await isShorterThanDeclared(file)) ? "ends_early" : reason; // no other browser finds the rest
}

async function makeAnimation(file: Blob, bytes: ArrayBuffer, tools: Tools, stages: Stages): Promise<FileFingerprints> {
  const still = await stillOf(file, "animatable", bytes, tools);
  stages.next(0.1)(1);
  const { fingerprintAnimation } = await part(import("./moving"));
  const whole = new Uint8Array(bytes);
  const isPng = kindOf(whole) === "png";
  const moving = await fingerprintAnimation(isPng ? withPngEnd(whole).buffer : bytes, tools, stages.next(0.8));
  const fingerprints = [...still.fingerprints, ...moving.fingerprints];
  const notes = new Set<FileNote>([...still.notes, ...moving.notes, ...furtherOf(whole)]);
  if (notes.has("video_not_readable") && (await isShorterThanDeclared(file))) {
    notes.delete("video_not_readable"); // which sends people to other browsers
    notes.add("ends_early");
  }
  if (isPng && lacksPngFrames(whole)) notes.add("ends_early");
  if (notes.has("ends_early")) notes.delete("end_missing"); // which says that all of it is there
  return withDigest(file, "animated_image", { type: "animation", fingerprints, notes: [...notes] }, stages.next(0.1));
}

/** A video or a sound; which of them is known once the file is open. */
async function makeTimed(
  file: Blob,
  family: "video" | "sound",
  tools: Tools,
  stages: Stages,
): Promise<FileFingerprints> {
  const { fingerprintTimed } = await part(import("./moving"));
  const made = await fingerprintTimed(file, family, tools, stages);
  return withDigest(file, made.type === "video" ? "video" : "audio", made, stages.next(1));
}

/** What was made, with the digest that the file gives beside it. */
async function withDigest(
  file: Blob,
  is: FileClass,
  made: FileFingerprints,
  onProgress: OnProgress,
): Promise<FileFingerprints> {
  const kinds = kindsGiven(is, foundIn(made));
  const fingerprints = made.fingerprints.filter(({ kind }) => kinds.includes(kind));
  const digests = await Promise.all(kinds.filter(isDigestKind).map((kind) => digest(file, kind, onProgress)));
  return { ...made, fingerprints: [...fingerprints, ...digests] };
}

const isDigestKind = (kind: Kind): kind is DigestKind => kind === "sha256" || kind === "md5";

/** What was found, by what was made; that which was not made has its note. */
function foundIn({ fingerprints, notes }: Made): Found {
  const has = (kind: Kind): boolean => fingerprints.some((fingerprint) => fingerprint.kind === kind);
  const isOneOfSeveral = notes.some((note) => FURTHER.includes(note));
  return {
    ...(has("pdq") ? { still: isOneOfSeveral ? "several" : "good", regions: has("regions") ? "good" : "few" } : {}),
    ...(has("vpdq") ? { moving: "good" } : {}),
    ...(has("chromaprint") ? { sound: "good" } : {}),
  };
}

async function digest(file: Blob, kind: DigestKind, onProgress: OnProgress): Promise<Fingerprint> {
  const { digestOf } = await part(import("./digests"));
  try {
    return { kind, value: await digestOf(file, kind, onProgress), quality: FULL_QUALITY };
  } catch {
    throw new FileError("cannot_read");
  }
}

async function bytesOf(file: Blob): Promise<ArrayBuffer> {
  try {
    return await file.arrayBuffer();
  } catch {
    throw new FileError("cannot_read");
  }
}
