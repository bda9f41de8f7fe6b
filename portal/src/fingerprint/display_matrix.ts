// SPDX-License-Identifier: Apache-2.0
/*
 * Which turn makes the pictures of an MP4 or MOV upright: the rule of stillmine.fingerprint.structure.display_matrix. Read here, because mediabunny
 * takes a slanted picture for a quarter turn, which no player shows.
 */

import { boxIn, contentOf, HEADER_BYTES, timesEnd, trackIn, type Box } from "./movie_boxes";
import type { Turn } from "./frames";

type Matrix = readonly [number, number, number, number];

const UPRIGHT: Matrix = [1, 0, 0, 1];
/** From the end of the dates to the matrix: a track's id, length and place; a movie's timescale, length, rate and loudness. */
const BEHIND_TIMES = { tkhd: { 0: 28, 1: 32 }, mvhd: { 0: 24, 1: 28 } };
/** Signs of a, b, c and d, where x' = a x + c y and y' = b x + d y. */
const TURNS: Record<string, Turn> = {
  "1,0,0,1": "original",
  "-1,0,0,1": "flip_horizontal",
  "1,0,0,-1": "flip_vertical",
  "-1,0,0,-1": "rotate180",
  "0,1,1,0": "transpose",
  "0,1,-1,0": "rotate270",
  "0,-1,1,0": "rotate90",
  "0,-1,-1,0": "transverse",
};

/** Return the turn of the track with an id; matrices that are no quarter turns count as none. */
export async function turnOf(file: Blob, trackId: number): Promise<Turn> {
  const found = await trackIn(file, trackId);
  if (!found) return "original";
  const [a, b, c, d] = await matrixIn(file, found.track, "tkhd");
  const [e, f, g, h] = await matrixIn(file, found.movie, "mvhd");
  const product = [a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h];
  const largest = Math.max(...product.map(Math.abs)) || 1;
  return TURNS[product.map((value) => Math.round(value / largest) + 0).join()] ?? "original";
}

async function matrixIn(file: Blob, parent: Box, kind: "tkhd" | "mvhd"): Promise<Matrix> {
  const box = await boxIn(file, parent, kind);
  const header = box && (await contentOf(file, box, HEADER_BYTES));
  if (!header) return UPRIGHT;
  const place = timesEnd(header) + BEHIND_TIMES[kind][timesEnd(header) === 20 ? 1 : 0];
  if (header.byteLength < place + 20) return UPRIGHT;
  const at = (word: number): number => header.getInt32(place + 4 * word) / 0x10000;
  return [at(0), at(1), at(3), at(4)];
}
