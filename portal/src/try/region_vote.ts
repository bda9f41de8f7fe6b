// SPDX-License-Identifier: Apache-2.0
/*
 * The vote: which pairs of alike regions lie as if one picture were the other, moved, turned, scaled or mirrored. As
 * stillmine.matching.region_vote, whose numbers these are. Never a match: what decides is the second look.
 */

import {
  affine,
  axesOf,
  determinant,
  inverted,
  moved,
  product,
  type Frame,
  type Matrix,
  type PictureMap,
  type Point,
} from "./region_frames";
import {
  AREA_RATIO,
  CENTRE_ERROR,
  ENOUGH_PAIRS,
  MAXIMUM_GROUPS,
  MAXIMUM_PAIRS,
  STRETCH,
  TURN_COSINE,
} from "./region_numbers";

/** Numbers of a stored region and of one of the query that are alike, in bits. */
export interface Pair {
  readonly stored: number;
  readonly query: number;
  readonly distance: number;
}

/** Pairs that agree, and where the first of them says that the stored picture lies. */
export interface Group {
  readonly map: PictureMap;
  readonly pairs: readonly Pair[];
  /** Different regions that agree, of the stored picture or of the query, whichever has fewer. */
  readonly size: number;
}

/** A pair with what it says: where each of the two lies. */
interface Voter {
  readonly pair: Pair;
  readonly stored: Frame;
  readonly query: Frame;
  readonly toPatch: Matrix;
}

/** Return groups of pairs that agree, largest first, each without the pairs of those before it. */
export function vote(stored: readonly Frame[], query: readonly Frame[], pairs: readonly Pair[]): readonly Group[] {
  const nearest = [...pairs].sort((one, other) => one.distance - other.distance).slice(0, MAXIMUM_PAIRS);
  let left = nearest.flatMap((pair): readonly Voter[] => {
    const [there, here] = [stored[pair.stored], query[pair.query]];
    return there && here ? [{ pair, stored: there, query: here, toPatch: inverted(axesOf(here)) }] : [];
  });
  const groups: Group[] = [];
  while (groups.length < MAXIMUM_GROUPS && left.length > 0) {
    const { map, agreeing } = largest(left);
    if (map === null) break;
    groups.push({ map, pairs: agreeing.map(({ pair }) => pair), size: sizeOf(agreeing) });
    left = left.filter((voter) => !agreeing.includes(voter));
  }
  return groups;
}

/** Return what the pair says that most agree with, and which do. */
function largest(voters: readonly Voter[]): { readonly map: PictureMap | null; readonly agreeing: readonly Voter[] } {
  const enough = Math.min(sizeOf(voters), ENOUGH_PAIRS);
  let best: { map: PictureMap | null; agreeing: readonly Voter[]; size: number } = { map: null, agreeing: [], size: 0 };
  for (const { stored, query } of voters) {
    const linear = product(axesOf(query), inverted(axesOf(stored)));
    const at = moved(linear, stored);
    const shift = { x: query.x - at.x, y: query.y - at.y };
    const agreeing = voters.filter((voter) => agrees(linear, shift, voter));
    const size = sizeOf(agreeing);
    if (size > best.size) best = { map: affine(linear, shift), agreeing, size };
    if (best.size >= enough) break;
  }
  return best;
}

/** Whether a pair lies as p -> linear p + shift says: its centre, size, direction, and side of the mirror. */
function agrees(linear: Matrix, shift: Point, { stored, query, toPatch }: Voter): boolean {
  const at = moved(linear, stored);
  const off = moved(toPatch, { x: at.x + shift.x - query.x, y: at.y + shift.y - query.y });
  const acts = product(toPatch, product(linear, axesOf(stored)));
  const [a, b, c, d] = acts;
  const [along, around] = [a + d, c - b];
  const plain = Math.hypot(along, around);
  const area = determinant(acts);
  return (
    off.x ** 2 + off.y ** 2 <= CENTRE_ERROR ** 2 &&
    area >= 1 / AREA_RATIO &&
    area <= AREA_RATIO &&
    Math.hypot(a - d, c + b) <= STRETCH * plain &&
    along >= TURN_COSINE * plain
  );
}

function sizeOf(voters: readonly Voter[]): number {
  const different = (number: (pair: Pair) => number): number => new Set(voters.map(({ pair }) => number(pair))).size;
  return Math.min(
    different(({ stored }) => stored),
    different(({ query }) => query),
  );
}
