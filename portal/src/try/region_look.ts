// SPDX-License-Identifier: Apache-2.0
/*
 * The second look: where each stored region should be in the query, and what is there. As stillmine.matching.region_look, whose numbers
 * these are. Interfaces and letterheads agree in some regions, but in a small share of all, or in a small place: these decide.
 */

import { depthAt, frameThrough, radiusOf, scaled, type Frame, type PictureMap } from "./region_frames";
import {
  AGREEING_BITS,
  CELLS,
  FEW_AGREEING,
  FEW_SHARE,
  MATCH_AGREEING,
  MATCH_APART,
  MATCH_EVIDENCE,
  MISSING_BITS,
  MOST_STEPS,
  NEAREST_DEPTH,
  OUTSIDE,
  PART_SHARE,
  SMALLEST_RADIUS,
  SMALL_SIDE,
  STEPS,
  THERE_BITS,
} from "./region_numbers";
import type { Size } from "./region_values";

export type Verdict = "match" | "part" | "clear";

/** What is there of a stored picture's regions; `spread` is the part of the visible ones' area that agreeing ones cover. */
export interface Seen {
  readonly visible: number;
  readonly agreeing: number;
  readonly share: number;
  readonly spread: number;
}

/** Where a stored region should be visible. */
export interface VisiblePlace {
  /** The region's number. */
  readonly stored: number;
  /** As the kernel takes it. */
  readonly steps: readonly number[];
}

/** Return the regions that should be visible in a query of this size, and where each lies in it. */
export function placesOf(stored: readonly Frame[], map: PictureMap, query: Size): readonly VisiblePlace[] {
  const { width, height } = query;
  const smallest = (SMALLEST_RADIUS * Math.sqrt(width * height)) / SMALL_SIDE;
  return stored.flatMap((there, number) => {
    if (depthAt(map, there) <= NEAREST_DEPTH) return [];
    const steps = toSteps(frameThrough(map, there), query);
    const frame = fromSteps(steps, query);
    const across = (1 - OUTSIDE) * Math.hypot(frame.ux, frame.vx);
    const down = (1 - OUTSIDE) * Math.hypot(frame.uy, frame.vy);
    const isInside = frame.x >= across && frame.x <= width - across && frame.y >= down && frame.y <= height - down;
    return isInside && radiusOf(frame) >= smallest ? [{ stored: number, steps }] : [];
  });
}

/** Say what is there, from the bits in which each visible place differs from its region. */
export function lookAt(
  stored: readonly Frame[],
  size: Size,
  places: readonly VisiblePlace[],
  bits: readonly number[],
): Seen {
  const framesOf = (some: readonly VisiblePlace[]): readonly Frame[] =>
    some.flatMap((place) => stored[place.stored] ?? []);
  const agreeing = places.filter((_, place) => (bits[place] ?? MISSING_BITS) <= AGREEING_BITS);
  const there = bits.reduce((sum, far) => sum + gradeOf(far), 0);
  return {
    visible: places.length,
    agreeing: agreeing.length,
    share: there / Math.max(1, places.length),
    spread: lieApart(framesOf(agreeing))
      ? areaOf(framesOf(agreeing), size) / Math.max(1, areaOf(framesOf(places), size))
      : 0,
  };
}

/** Say whether a query is a copy of the stored picture, may be one or shows a part of it, or is none. */
export function verdictOf({ share, spread, agreeing }: Seen): Verdict {
  if (share * spread >= MATCH_EVIDENCE && agreeing >= MATCH_AGREEING) return "match";
  const least = agreeing >= MATCH_AGREEING ? PART_SHARE : FEW_SHARE;
  return share >= least && agreeing >= FEW_AGREEING ? "part" : "clear";
}

function gradeOf(bits: number): number {
  return Math.max(0, Math.min(1, (MISSING_BITS - bits) / (MISSING_BITS - THERE_BITS)));
}

/** Whether enough of these regions lie apart; each is held against those that were taken before it. */
function lieApart(frames: readonly Frame[]): boolean {
  const apart: Frame[] = [];
  const reachOf = (frame: Frame): number => frame.ux ** 2 + frame.uy ** 2;
  for (const frame of frames) {
    const isApart = apart.every(
      (other) => (frame.x - other.x) ** 2 + (frame.y - other.y) ** 2 > Math.min(reachOf(frame), reachOf(other)) / 4,
    );
    if (isApart) apart.push(frame);
  }
  return apart.length >= MATCH_APART;
}

/** Return how many of a stored picture's cells have their middle in one of the regions. */
function areaOf(frames: readonly Frame[], { width, height }: Size): number {
  let covered = 0;
  for (let row = 0; row < CELLS; row += 1)
    for (let column = 0; column < CELLS; column += 1) {
      const [x, y] = [(column + 0.5) * (width / CELLS), (row + 0.5) * (height / CELLS)];
      const isCovered = frames.some(
        (frame) => (x - frame.x) ** 2 + (y - frame.y) ** 2 <= frame.ux ** 2 + frame.uy ** 2,
      );
      if (isCovered) covered += 1;
    }
  return covered;
}

function toSteps(frame: Frame, { width, height }: Size): readonly number[] {
  const { x, y, ux, uy, vx, vy } = scaled(frame, STEPS / width, STEPS / height);
  return [x, y, ux, uy, vx, vy].map((value) => roundHalfToEven(Math.max(-MOST_STEPS, Math.min(MOST_STEPS, value))));
}

function fromSteps([x = 0, y = 0, ux = 0, uy = 0, vx = 0, vy = 0]: readonly number[], { width, height }: Size): Frame {
  return scaled({ x, y, ux, uy, vx, vy }, width / STEPS, height / STEPS);
}

/** As NumPy rounds. */
function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
