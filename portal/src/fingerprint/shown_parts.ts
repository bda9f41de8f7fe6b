// SPDX-License-Identifier: Apache-2.0
/*
 * Which parts of a track are shown, and when: the edit list of an MP4 or MOV, read here because mediabunny applies the start of its
 * first entry only. spec/video.md, "edit lists". Must never call a part shown that was cut away: what can't be followed is said.
 */

import { boxIn, contentOf, HEADER_BYTES, numberBehindTimes, trackIn, type Box } from "./movie_boxes";

/** Seconds, as mediabunny counts them in a track. Shown is what begins at `from` or later and before `to`, each time `shift` later. */
export interface Part {
  readonly from: number;
  readonly to: number;
  readonly shift: number;
}

/** A track without edits. */
export const WHOLE: readonly Part[] = [{ from: -Infinity, to: Infinity, shift: 0 }];

const MAXIMUM_EDITS = 256;
const MAXIMUM_LIST_BYTES = 8 + MAXIMUM_EDITS * 20;
const NORMAL_RATE = 0x10000;

interface Edit {
  /** In ticks of the movie. */
  readonly duration: number;
  /** In ticks of the track; -1 for an empty edit. */
  readonly begin: number;
  readonly rate: number;
}

/**
 * Return the shown parts of the track with an id, in the order in which they are shown; null where its edit list can't be followed: another
 * speed than the normal one, nothing shown at all, or more than 256 entries. Rejects where the file can't be read.
 */
export async function shownParts(file: Blob, trackId: number): Promise<readonly Part[] | null> {
  const found = await trackIn(file, trackId);
  if (!found) return WHOLE;
  const edits = await editsOf(file, found.track);
  if (edits === null || edits.length === 0) return edits === null ? null : WHOLE;
  const media = await boxIn(file, found.track, "mdia");
  const movieScale = await timescaleOf(file, await boxIn(file, found.movie, "mvhd"));
  const trackScale = await timescaleOf(file, media && (await boxIn(file, media, "mdhd")));
  const isFragmented = (await boxIn(file, found.movie, "mvex")) !== null;
  return movieScale && trackScale ? partsOf(edits, movieScale, trackScale, isFragmented) : null;
}

/** Return when the last part ends, in seconds as they are shown; `end` is where the track itself does. Null where that is not known. */
export function endOf(parts: readonly Part[], end: number | null): number | null {
  const last = parts[parts.length - 1];
  const to = Math.min(last?.to ?? Infinity, end ?? Infinity);
  return last && Number.isFinite(to) ? Math.max(last.from, to) + last.shift : null;
}

/** Return when the first part begins, in seconds as they are shown; `start` is where the track itself does. */
export function startOf(parts: readonly Part[], start: number): number {
  const first = parts[0];
  return first ? Math.max(first.from, start) + first.shift : start;
}

function partsOf(
  edits: readonly Edit[],
  movieScale: number,
  trackScale: number,
  isFragmented: boolean,
): readonly Part[] | null {
  const first = edits.findIndex((edit) => edit.begin !== -1);
  if (first === -1 || edits.some((edit) => edit.begin !== -1 && edit.rate !== NORMAL_RATE)) return null;
  const inTrack = (ticks: number): number => Math.round((ticks * trackScale) / movieScale);
  const before = edits.slice(0, first).reduce((sum, edit) => sum + edit.duration, 0);
  const zero = (edits[first]?.begin ?? 0) - inTrack(before); // where mediabunny's time begins
  const isOpen = edits.length === first + 1 && (isFragmented || edits[first]?.duration === 0);
  const parts: Part[] = [];
  let shown = 0;
  for (const { begin, duration } of edits) {
    if (begin !== -1 && (duration > 0 || isOpen)) {
      const from = begin - zero;
      const to = isOpen ? Infinity : (from + inTrack(duration)) / trackScale;
      parts.push({ from: from / trackScale, to, shift: shown / movieScale - from / trackScale });
    }
    shown += duration;
  }
  return parts.length > 0 ? parts : null;
}

/** Null where there are too many; none where there is no list. */
async function editsOf(file: Blob, track: Box): Promise<readonly Edit[] | null> {
  const edits = await boxIn(file, track, "edts");
  const list = edits && (await boxIn(file, edits, "elst"));
  if (!list) return [];
  const view = await contentOf(file, list, MAXIMUM_LIST_BYTES);
  const isLong = view.byteLength > 0 && view.getUint8(0) === 1;
  const entryBytes = isLong ? 20 : 12;
  const count = view.byteLength >= 8 ? view.getUint32(4) : 0;
  if (count > MAXIMUM_EDITS || 8 + count * entryBytes > view.byteLength) return null;
  return Array.from({ length: count }, (_, number) => {
    const place = 8 + number * entryBytes;
    return isLong
      ? {
          duration: Number(view.getBigUint64(place)),
          begin: Number(view.getBigInt64(place + 8)),
          rate: view.getUint32(place + 16),
        }
      : { duration: view.getUint32(place), begin: view.getInt32(place + 4), rate: view.getUint32(place + 8) };
  });
}

async function timescaleOf(file: Blob, header: Box | null): Promise<number> {
  return header ? numberBehindTimes(await contentOf(file, header, HEADER_BYTES)) : 0;
}
