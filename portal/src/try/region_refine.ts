// SPDX-License-Identifier: Apache-2.0
/*
 * From regions that agree to where the stored picture lies in the query, as exactly as its regions can tell. As
 * stillmine.matching.region_refine, whose numbers these are. Never leaves the neighbourhood of what was voted.
 */

import {
  axesOf,
  depthAt,
  determinant,
  frameThrough,
  inverted,
  jacobian,
  moved,
  pointThrough,
  product,
  radiusOf,
  type Frame,
  type PictureMap,
} from "./region_frames";
import { fitted, type Fit } from "./region_fit";
import {
  GUIDED_AREA_RATIO,
  LARGEST_CHANGE,
  LARGEST_MOVE,
  MAXIMUM_GUIDED,
  MINIMUM_SUPPORT,
  MINIMUM_VOTED,
  NEAREST_DEPTH,
  PERSPECTIVE_FROM_ROUND,
  PERSPECTIVE_PAIRS,
  ROUNDS,
} from "./region_numbers";
import { vote, type Group, type Pair } from "./region_vote";

/** Where a stored picture may lie in a query, and how many of its regions are found there. */
export interface Located {
  readonly map: PictureMap;
  readonly support: number;
}

/** Both pictures' regions, and the pairs of them within GUIDED_DISTANCE. */
export interface Alike {
  readonly stored: readonly Frame[];
  readonly query: readonly Frame[];
  readonly pairs: readonly Pair[];
}

/** Return where the stored picture may lie, best supported first: `voting` are pairs that are alike without knowing where they lie. */
export function located({ stored, query, pairs }: Alike, voting: readonly Pair[]): readonly Located[] {
  const alike = { stored, query, pairs: nearestOf(pairs) };
  const groups = vote(stored, query, voting);
  const voted = groups.filter(({ size }) => size >= MINIMUM_VOTED);
  const isVoted = voted.length > 0;
  return (isVoted ? voted : groups)
    .map((group) => refined(alike, group))
    .filter(({ support }) => isVoted || support >= MINIMUM_SUPPORT)
    .sort((one, other) => other.support - one.support);
}

/** Return the nearest of too many pairs, in the order in which they were. */
function nearestOf(pairs: readonly Pair[]): readonly Pair[] {
  if (pairs.length <= MAXIMUM_GUIDED) return pairs;
  const kept = new Set([...pairs].sort((one, other) => one.distance - other.distance).slice(0, MAXIMUM_GUIDED));
  return pairs.filter((pair) => kept.has(pair));
}

/** Return the map that fits all regions found where it expects them. */
function refined(alike: Alike, group: Group): Located {
  const known = fitsOf(alike, group.pairs);
  const anchors = known.map((fit) => fit.stored);
  const first = fitted(known, group.map, false);
  let map = isClose(first, group.map, anchors) ? first : group.map;
  let support = 0;
  for (const [number, reach] of ROUNDS.entries()) {
    const chosen = fitsOf(alike, guided(alike, map, reach));
    if (chosen.length < group.size) break;
    const hasPerspective = number >= PERSPECTIVE_FROM_ROUND && chosen.length >= PERSPECTIVE_PAIRS;
    const better = fitted(chosen, map, hasPerspective);
    if (!isClose(better, group.map, anchors)) break;
    map = better;
    support = chosen.length;
  }
  return { map, support: support === 0 ? group.size : support };
}

function fitsOf({ stored, query }: Alike, pairs: readonly Pair[]): readonly Fit[] {
  return pairs.flatMap((pair) => {
    const [there, here] = [stored[pair.stored], query[pair.query]];
    return there && here ? [{ stored: there, query: here }] : [];
  });
}

/** Return the pairs that lie as the map says, for each stored region the nearest in bits. */
function guided({ stored, query, pairs }: Alike, map: PictureMap, reach: number): readonly Pair[] {
  const nearest = new Map<number, Pair>();
  for (const pair of pairs) {
    const [there, here] = [stored[pair.stored], query[pair.query]];
    if (!there || !here || (nearest.get(pair.stored)?.distance ?? Infinity) <= pair.distance) continue;
    if (lies(frameThrough(map, there), here, reach)) nearest.set(pair.stored, pair);
  }
  return [...nearest.values()].sort((one, other) => one.stored - other.stored);
}

function lies(expected: Frame, here: Frame, reach: number): boolean {
  const toPatch = inverted(axesOf(here));
  const off = moved(toPatch, { x: expected.x - here.x, y: expected.y - here.y });
  const area = determinant(product(toPatch, axesOf(expected)));
  return off.x ** 2 + off.y ** 2 <= reach ** 2 && area >= 1 / GUIDED_AREA_RATIO && area <= GUIDED_AREA_RATIO;
}

/** Whether a map is still what was voted: moves none of these stored regions far, shrinks, enlarges or turns over none. */
function isClose(map: PictureMap, voted: PictureMap, frames: readonly Frame[]): boolean {
  if (!map.every(Number.isFinite) || frames.some((frame) => depthAt(map, frame) <= NEAREST_DEPTH)) return false;
  return frames.every((frame) => {
    const before = frameThrough(voted, frame);
    const after = pointThrough(map, frame);
    const area = determinant(jacobian(map, frame)) / determinant(jacobian(voted, frame));
    return (
      (before.x - after.x) ** 2 + (before.y - after.y) ** 2 <= (LARGEST_MOVE * radiusOf(before)) ** 2 &&
      area >= 1 / LARGEST_CHANGE &&
      area <= LARGEST_CHANGE
    );
  });
}
