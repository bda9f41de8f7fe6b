// SPDX-License-Identifier: Apache-2.0
/*
 * A file with pictures or sound in time, opened by mediabunny: it reads slices of the file as it needs them, so that a file of
 * gigabytes takes little memory. A format that it does not read is left to the browser's own element.
 */

import {
  ADTS,
  BlobSource,
  FLAC,
  Input,
  IsobmffInputFormat,
  MATROSKA,
  MP3,
  MP4,
  MPEG_TS,
  OGG,
  QTFF,
  WAVE,
  WEBM,
  type InputAudioTrack,
  type InputTrack,
  type InputVideoTrack,
} from "mediabunny";
import { turnOf as matrixTurnOf } from "./display_matrix";
import type { Turn } from "./frames";
import { shownParts, WHOLE, type Part } from "./shown_parts";

const FORMATS = [MP4, QTFF, MATROSKA, WEBM, WAVE, MP3, OGG, ADTS, FLAC, MPEG_TS];
const CACHE_BYTES = 8 * 1024 * 1024;
const MINIMUM_SHORTFALL_SECONDS = 1;

export interface OpenContainer {
  readonly video: InputVideoTrack | null;
  readonly sound: InputAudioTrack | null;
  /** Whether there are more tracks of moving pictures, or of sound. */
  readonly hasFurtherFilms: boolean;
  readonly hasFurtherSounds: boolean;
  /** The parts of a track that are shown; null where its edit list can't be followed. */
  partsOf: (track: InputTrack) => Promise<readonly Part[] | null>;
  /** The turn that makes a track's pictures upright; null where the container has no display matrix and mediabunny knows. */
  turnOf: (track: InputTrack) => Promise<Turn | null>;
  /** When the pictures end as the file itself says, in seconds of its track; null where it says nothing of them alone. */
  pictureEnd: () => Promise<number | null>;
  /** Whether it may hold tracks beside these: of a transport stream those that are not known are passed over. */
  readonly mayHoldMore: boolean;
  close: () => void;
}

/** Return what a file holds; null where it can't be opened, or nothing is found in it. */
export async function openContainer(file: Blob): Promise<OpenContainer | null> {
  const input = new Input({
    formats: FORMATS,
    source: new BlobSource(file, { maxCacheSize: CACHE_BYTES, handleUnhandledError: () => undefined }),
  });
  try {
    const [videos, sounds] = [await input.getVideoTracks(), await input.getAudioTracks()];
    if (videos.length + sounds.length === 0) throw new Error("nothing in it");
    const format = await input.getFormat();
    const isOfBoxes = format instanceof IsobmffInputFormat;
    const partsOf = async (track: InputTrack): Promise<readonly Part[] | null> =>
      isOfBoxes ? shownParts(file, track.id) : WHOLE;
    const turnOf = async (track: InputTrack): Promise<Turn | null> => (isOfBoxes ? matrixTurnOf(file, track.id) : null);
    const [video, sound] = [await chosenOf(videos), await chosenOf(sounds)];
    const pictureEnd = async (): Promise<number | null> =>
      video && (isOfBoxes || !sound || !(await lastsToTheEnd(sound))) ? video.getDurationFromMetadata() : null;
    const [hasFurtherFilms, hasFurtherSounds] = [videos.length > 1, sounds.length > 1];
    return {
      video,
      sound,
      hasFurtherFilms,
      hasFurtherSounds,
      partsOf,
      turnOf,
      pictureEnd,
      mayHoldMore: format === MPEG_TS,
      close: () => input.dispose(),
    };
  } catch {
    input.dispose();
    return null;
  }
}

/** The default one, else the first; null where there is none. */
async function chosenOf<Track extends InputTrack>(tracks: readonly Track[]): Promise<Track | null> {
  for (const track of tracks) if ((await track.getDisposition()).default) return track;
  return tracks[0] ?? null;
}

/** Whether a sound is what a container of one duration for all its tracks means: its pictures may well end before. */
async function lastsToTheEnd(sound: InputAudioTrack): Promise<boolean> {
  const declared = (await sound.getDurationFromMetadata()) ?? 0;
  return (await sound.computeDuration()) >= declared - MINIMUM_SHORTFALL_SECONDS;
}
