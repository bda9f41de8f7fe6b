// SPDX-License-Identifier: Apache-2.0
/* The boxes of an MP4 or MOV, read from the file piece by piece. Must never follow a stranger's sizes without an end. */

export interface Box {
  readonly kind: string;
  readonly start: number;
  readonly end: number;
}

type Range = Pick<Box, "start" | "end">;

const MAXIMUM_BOXES = 10_000;

/** Return the first box of a kind within a range of the file; null where there is none. */
export async function boxIn(file: Blob, range: Range, kind: string): Promise<Box | null> {
  for await (const box of boxesIn(file, range)) if (box.kind === kind) return box;
  return null;
}

/** Give the boxes within a range of the file, in order; their ranges are those of their content. */
export async function* boxesIn(file: Blob, { start, end }: Range): AsyncGenerator<Box> {
  let place = start;
  for (let count = 0; count < MAXIMUM_BOXES && place + 8 <= end; count += 1) {
    const head = new DataView(await file.slice(place, place + 16).arrayBuffer());
    if (head.byteLength < 8) return;
    const short = head.getUint32(0);
    const isLong = short === 1 && head.byteLength >= 16;
    const size = isLong ? Number(head.getBigUint64(8)) : short === 0 ? end - place : short;
    if (size < (isLong ? 16 : 8)) return;
    yield {
      kind: String.fromCharCode(...new Uint8Array(head.buffer, 4, 4)),
      start: place + (isLong ? 16 : 8),
      end: Math.min(place + size, end),
    };
    place += size;
  }
}

/** Return the content of a box, `maximumBytes` of it at most. */
export async function contentOf(file: Blob, { start, end }: Range, maximumBytes: number): Promise<DataView> {
  return new DataView(await file.slice(start, Math.min(end, start + maximumBytes)).arrayBuffer());
}

/** Return the movie's box and that of its track with an id; null where there is no such track. */
export async function trackIn(
  file: Blob,
  trackId: number,
): Promise<{ readonly movie: Box; readonly track: Box } | null> {
  const movie = await boxIn(file, { start: 0, end: file.size }, "moov");
  if (!movie) return null;
  for await (const track of boxesIn(file, movie)) {
    const header = track.kind === "trak" ? await boxIn(file, track, "tkhd") : null;
    if (header && numberBehindTimes(await contentOf(file, header, HEADER_BYTES)) === trackId) return { movie, track };
  }
  return null;
}

/** Of a header that begins with two dates. */
export const HEADER_BYTES = 112;

/** Return what stands behind the dates of a header: a track's id, a timescale. 0 where the box is too short. */
export function numberBehindTimes(header: DataView): number {
  const place = timesEnd(header);
  return header.byteLength >= place + 4 ? header.getUint32(place) : 0;
}

/** Return where the dates of a header end, by its version. */
export function timesEnd(header: DataView): number {
  return header.byteLength > 0 && header.getUint8(0) === 1 ? 20 : 12;
}
