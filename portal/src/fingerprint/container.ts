// SPDX-License-Identifier: Apache-2.0
/*
 * A file with pictures or sound in time, opened by mediabunny: it reads slices of the file as it needs them, so that a file of
 * gigabytes takes little memory. A format that it does not read is left to the browser's own element.
 */

import { ADTS, BlobSource, FLAC, Input, MATROSKA, MP3, MP4, OGG, QTFF, WAVE, WEBM, type InputAudioTrack, type InputTrack, type InputVideoTrack } from "mediabunny";

const FORMATS = [MP4, QTFF, MATROSKA, WEBM, WAVE, MP3, OGG, ADTS, FLAC];
const CACHE_BYTES = 8 * 1024 * 1024;

export interface OpenContainer {
  readonly video: InputVideoTrack | null;
  readonly sound: InputAudioTrack | null;
  close(): void;
}

/** Return what a file holds; null where it can't be opened, or nothing is found in it. */
export async function openContainer(file: Blob): Promise<OpenContainer | null> {
  const input = new Input({ formats: FORMATS, source: new BlobSource(file, { maxCacheSize: CACHE_BYTES, handleUnhandledError: () => undefined }) });
  try {
    const [videos, sounds] = [await input.getVideoTracks(), await input.getAudioTracks()];
    if (videos.length + sounds.length === 0) throw new Error("nothing in it");
    return { video: await chosenOf(videos), sound: await chosenOf(sounds), close: () => input.dispose() };
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
