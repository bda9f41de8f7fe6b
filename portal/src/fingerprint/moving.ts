// SPDX-License-Identifier: Apache-2.0
/*
 * What moves or sounds: videos, animated pictures and sound to `vpdq` and `chromaprint`. The heavy part of the engine, apart from
 * the page. What the browser can't decode in the worker is asked of the page; what it can't decode at all is a note.
 */

import { toHex } from "@kernel/kernel";
import type { InputAudioTrack } from "mediabunny";
import { FULL_QUALITY, type Fingerprint } from "../wire/types";
import { animationReader, hasAnimationDecoder } from "./animation";
import { pageSound, pageVideoReader, type KnownSound } from "./asking";
import { hasTruePixels, workerCanvas } from "./canvas";
import { openContainer, type OpenContainer } from "./container";
import { isShorterThanDeclared } from "./declared_size";
import { sampleVideo, type FrameReader } from "./frames";
import { followsEdits, isSafeSound } from "./gstreamer";
import type { FileNote, OnProgress, PartlyMade } from "./made";
import { mediaTypeOf } from "./media_type";
import { mp3DelayOf } from "./mp3_delay";
import { FileError, UndecodableError } from "./problems";
import { vpdqOf } from "./runs";
import { endOf, startOf, WHOLE, type Part } from "./shown_parts";
import { fingerprintPieces, fingerprintTrack, type SoundFingerprint } from "./sound";
import type { Stages } from "./stages";
import type { Tools } from "./tools";
import { decoderConfigOf, videoReader } from "./video_reader";

interface Made {
  readonly fingerprints: readonly Fingerprint[];
  readonly notes: readonly FileNote[];
}

const SAME_TIME_SECONDS = 0.001;
const HIDDEN: Made = { fingerprints: [], notes: ["pixels_hidden"] };
const NOT_OPENED: readonly FileNote[] = ["video_not_readable", "sound_not_readable"];
const NOT_READABLE: Made = { fingerprints: [], notes: ["video_not_readable"] };

/** All but the digest of a video or a sound. Rejects with FileError. */
export async function fingerprintTimed(
  file: Blob,
  family: "video" | "sound",
  tools: Tools,
  stages: Stages,
): Promise<PartlyMade> {
  const container = await openContainer(file);
  try {
    const further = furtherOf(container);
    const isVideo = container?.video != null || (family === "video" && (!container?.sound || container.mayHoldMore));
    if (!isVideo) {
      const sound = await soundOf(file, container, tools, stages.next(0.8));
      return {
        type: "sound",
        fingerprints: sound.fingerprints,
        notes: await withEarlyEnd(file, { ...sound, notes: [...sound.notes, ...further] }),
      };
    }
    const video = await videoOf(container, tools, stages.next(0.7));
    const hasNoSound = container !== null && container.sound === null && !container.mayHoldMore;
    const sound: Made = hasNoSound
      ? { fingerprints: [], notes: ["video_has_no_sound"] }
      : await soundOf(file, container, tools, stages.next(0.2));
    const made = {
      fingerprints: [...video.fingerprints, ...sound.fingerprints],
      notes: [...video.notes, ...further, ...sound.notes],
    };
    const isOpened =
      container !== null || made.fingerprints.length > 0 || !NOT_OPENED.every((note) => made.notes.includes(note));
    if (!isOpened) return { type: "video", fingerprints: [], notes: ["video_not_opened"] };
    return { type: "video", fingerprints: made.fingerprints, notes: await withEarlyEnd(file, made) };
  } finally {
    container?.close();
  }
}

/** What of a file with several tracks is left out: a case gets those that play first. */
function furtherOf(container: OpenContainer | null): readonly FileNote[] {
  return [
    ...(container?.hasFurtherFilms ? (["further_films"] as const) : []),
    ...(container?.hasFurtherSounds ? (["further_sounds"] as const) : []),
  ];
}

/** `vpdq` of an animated picture. Rejects with FileError. */
export async function fingerprintAnimation(bytes: ArrayBuffer, tools: Tools, onProgress: OnProgress): Promise<Made> {
  const canvas = workerCanvas();
  if (!canvas || !hasAnimationDecoder()) return NOT_READABLE;
  if (!hasTruePixels(canvas)) return HIDDEN;
  return framesOf(animationReader(bytes, mediaTypeOf(new Uint8Array(bytes)), canvas), tools, onProgress);
}

async function videoOf(container: OpenContainer | null, tools: Tools, onProgress: OnProgress): Promise<Made> {
  const track = container?.video ?? null;
  if (!container || !track)
    return framesOf(pageVideoReader(tools.ask, { start: 0, end: null, lastsTo: null }), tools, onProgress);
  const parts = await container.partsOf(track).catch(() => null);
  if (!parts) return { fingerprints: [], notes: ["video_edits"] };
  const turn = await container.turnOf(track).catch(() => null);
  const pictureEnd = await container.pictureEnd().catch(() => null);
  const canvas = workerCanvas();
  const isTransparent = await track.canBeTransparent().catch(() => false); // the worker's decoder leaves it out, the page's player does not
  const config = canvas && !isTransparent ? await decoderConfigOf(track) : null;
  if (canvas && config) {
    if (!hasTruePixels(canvas)) return HIDDEN;
    const made = await framesOf(videoReader({ track, parts, turn, pictureEnd }, config, canvas), tools, onProgress);
    if (made.notes[0] !== "video_not_readable") return made;
  }
  const first = await track.getFirstTimestamp().catch(() => 0);
  if (!canBePlayed(parts, first, navigator.userAgent)) return NOT_READABLE;
  const start = startOf(parts, first);
  const end = endOf(parts, pictureEnd);
  const lastPicture = await track.computeDuration().catch(() => null); // players stay at it where a file ends early
  return framesOf(pageVideoReader(tools.ask, { start, end, lastsTo: endOf(parts, lastPicture) }), tools, onProgress);
}

/** Of several parts players find no second, and some play what was cut away; so they do where a part without an end begins late. */
function canBePlayed(parts: readonly Part[], first: number, userAgent: string): boolean {
  const isUncut = parts.every(({ from }) => from - first < SAME_TIME_SECONDS);
  const isCutAsWished = followsEdits(userAgent) && parts.every(({ to }) => Number.isFinite(to));
  return parts.length === 1 && (isUncut || isCutAsWished);
}

async function framesOf(read: FrameReader, tools: Tools, onProgress: OnProgress): Promise<Made> {
  try {
    const { samples, endsEarly, isLimited } = await sampleVideo(await tools.kernel(), read, onProgress);
    if (samples.length === 0) return NOT_READABLE;
    const notes: FileNote[] = [
      ...(endsEarly ? (["ends_early"] as const) : []),
      ...(isLimited ? (["longer_than_read"] as const) : []),
    ];
    const vpdq = vpdqOf(samples, toHex);
    if (!vpdq) return { fingerprints: [], notes: ["video_too_little_detail", ...notes] };
    return { fingerprints: [{ kind: "vpdq", ...vpdq }], notes };
  } catch (error) {
    if (error instanceof FileError) throw error;
    return error instanceof UndecodableError && error.reason === "pixels_hidden" ? HIDDEN : NOT_READABLE;
  }
}

async function soundOf(
  file: Blob,
  container: OpenContainer | null,
  tools: Tools,
  onProgress: OnProgress,
): Promise<Made> {
  const track = container?.sound ?? null;
  const parts = container && track ? await container.partsOf(track).catch(() => null) : WHOLE;
  if (!parts) return { fingerprints: [], notes: ["sound_edits"] };
  const codec = (await track?.getCodec().catch(() => null)) ?? null;
  const canDecode =
    track !== null && isSafeSound(codec, navigator.userAgent) && (await track.canDecode().catch(() => false));
  const delay = canDecode && codec === "mp3" ? await mp3DelayOf(file) : 0;
  const made = canDecode ? await soundOrNull(() => fingerprintTrack(track, parts, delay, onProgress)) : null;
  const known = await knownOf(track, parts);
  const { text, notes } = made ??
    (await soundOrNull(() => fingerprintPieces(pageSound(tools.ask, known)))) ?? {
      text: null,
      notes: ["sound_not_readable"],
    };
  return { fingerprints: text === null ? [] : [{ kind: "chromaprint", value: text, quality: FULL_QUALITY }], notes };
}

async function knownOf(track: InputAudioTrack | null, parts: readonly Part[]): Promise<KnownSound> {
  const begin = (await track?.getFirstTimestamp().catch(() => 0)) ?? 0;
  const end = (await track?.getDurationFromMetadata().catch(() => null)) ?? Infinity;
  return { parts, begin, end };
}

async function soundOrNull(make: () => Promise<SoundFingerprint>): Promise<SoundFingerprint | null> {
  try {
    const made = await make();
    return made.notes.includes("sound_not_readable") ? null : made;
  } catch (error) {
    if (error instanceof FileError && error.problem === "engine") throw error;
    return null;
  }
}

async function withEarlyEnd(file: Blob, { fingerprints, notes }: Made): Promise<readonly FileNote[]> {
  const endsEarly = fingerprints.length > 0 && (await isShorterThanDeclared(file).catch(() => false));
  return [...new Set<FileNote>(endsEarly ? [...notes, "ends_early"] : notes)];
}
