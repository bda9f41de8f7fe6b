// SPDX-License-Identifier: Apache-2.0
/*
 * A map fitted to stored frames and where they lie in the query: least squares in units of each radius; what lies far off counts less. As
 * `fitted` of stillmine.matching.region_refine, whose numbers these are.
 */

import {
  chained,
  depthAt,
  normalised,
  pointThrough,
  radiusOf,
  scaled,
  type Frame,
  type PictureMap,
} from "./region_frames";
import { AXES_WEIGHT, FLATNESS, REWEIGHTED, USUAL_ERROR } from "./region_numbers";

export interface Fit {
  readonly stored: Frame;
  readonly query: Frame;
}

const UNKNOWNS = 8;

/** One linear equation for the eight unknown numbers of a map. */
interface Equation {
  readonly row: readonly number[];
  readonly end: number;
  readonly weight: number;
}

/** Return the map of stored frames to query frames, beginning at `start`. */
export function fitted(fits: readonly Fit[], start: PictureMap, hasPerspective: boolean): PictureMap {
  const mean = (of: (frame: Frame) => number): number =>
    fits.reduce((sum, { stored }) => sum + of(stored), 0) / fits.length;
  const [middleX, middleY] = [mean(({ x }) => x), mean(({ y }) => y)];
  const extent = Math.max(
    ...fits.map(({ stored }) => Math.max(Math.abs(stored.x - middleX), Math.abs(stored.y - middleY), radiusOf(stored))),
  );
  const centred = fits.map(({ stored, query }) => ({
    stored: scaled({ ...stored, x: stored.x - middleX, y: stored.y - middleY }, 1 / extent, 1 / extent),
    query,
  }));
  let map = chained(start, [extent, 0, middleX, 0, extent, middleY, 0, 0, 1]);
  for (let step = 0; step < REWEIGHTED; step += 1) map = solved(centred, map, hasPerspective);
  return chained(map, [1 / extent, 0, -middleX / extent, 0, 1 / extent, -middleY / extent, 0, 0, 1]);
}

function solved(fits: readonly Fit[], map: PictureMap, hasPerspective: boolean): PictureMap {
  const normal = Array.from({ length: UNKNOWNS }, () => new Float64Array(UNKNOWNS + 1));
  for (const fit of fits)
    for (const { row, end, weight } of equationsOf(fit, map, hasPerspective))
      for (const [place, line] of normal.entries()) {
        const factor = weight * (row[place] ?? 0);
        for (let column = 0; column < UNKNOWNS; column += 1)
          line[column] = (line[column] ?? 0) + factor * (row[column] ?? 0);
        line[UNKNOWNS] = (line[UNKNOWNS] ?? 0) + factor * end;
      }
  for (const tilt of [6, 7]) {
    const line = normal[tilt];
    if (line) line[tilt] = (line[tilt] ?? 0) + FLATNESS ** 2;
  }
  return normalised([...solve(normal), 1]);
}

/** Six for each pair: of its centre and of both axes, across and down; perspective is multiplied out. */
function equationsOf({ stored, query }: Fit, map: PictureMap, hasPerspective: boolean): readonly Equation[] {
  const at = pointThrough(map, stored);
  const size = radiusOf(query);
  const depth = depthAt(map, stored);
  const off = ((at.x - query.x) ** 2 + (at.y - query.y) ** 2) / (size * USUAL_ERROR) ** 2;
  const weight = 1 / (1 + off) / size ** 2 / depth ** 2;
  const parts = [
    { x: stored.x, y: stored.y, one: 1, ends: [query.x, query.y], weight },
    {
      x: stored.ux,
      y: stored.uy,
      one: 0,
      ends: [query.ux * depth, query.uy * depth],
      weight: weight * AXES_WEIGHT ** 2,
    },
    {
      x: stored.vx,
      y: stored.vy,
      one: 0,
      ends: [query.vx * depth, query.vy * depth],
      weight: weight * AXES_WEIGHT ** 2,
    },
  ];
  return parts.flatMap(({ x, y, one, ends, weight }) =>
    [query.x, query.y].map((centre, axis) => {
      const tilt = hasPerspective ? [-centre * x, -centre * y] : [0, 0];
      const row = axis === 0 ? [x, y, one, 0, 0, 0, ...tilt] : [0, 0, 0, x, y, one, ...tilt];
      return { row, end: ends[axis] ?? 0, weight };
    }),
  );
}

/** Solve linear equations, the right side in the last column, by elimination with the largest pivot first. */
function solve(lines: Float64Array[]): readonly number[] {
  const count = lines.length;
  const at = (row: number, column: number): number => lines[row]?.[column] ?? 0;
  for (let pivot = 0; pivot < count; pivot += 1) {
    const rows = lines.map((_, row) => row).slice(pivot);
    const largest = rows.reduce(
      (best, row) => (Math.abs(at(row, pivot)) > Math.abs(at(best, pivot)) ? row : best),
      pivot,
    );
    [lines[pivot], lines[largest]] = [lines[largest] ?? new Float64Array(), lines[pivot] ?? new Float64Array()];
    for (const row of rows.slice(1)) {
      const factor = at(row, pivot) / at(pivot, pivot);
      const line = lines[row];
      for (let column = pivot; line && column <= count; column += 1)
        line[column] = at(row, column) - factor * at(pivot, column);
    }
  }
  const found = new Array<number>(count).fill(0);
  for (let row = count - 1; row >= 0; row -= 1) {
    const known = found.reduce((sum, value, column) => (column > row ? sum + value * at(row, column) : sum), 0);
    found[row] = (at(row, count) - known) / at(row, row);
  }
  return found;
}
