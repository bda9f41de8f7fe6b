// SPDX-License-Identifier: Apache-2.0
/*
 * Where regions lie: frames, and maps from one picture to another, as in stillmine.matching.region_frames. Arithmetic alone; held to the
 * Python by vectors/region_matching.json. Coordinates are pixels of a picture scaled to an area of 256 x 256.
 */

import { ANGLES } from "./region_numbers";

/** The point (s, t) of a patch, both from -1 to 1, lies at (x, y) + s (ux, uy) + t (vx, vy). */
export interface Frame {
  readonly x: number;
  readonly y: number;
  readonly ux: number;
  readonly uy: number;
  readonly vx: number;
  readonly vy: number;
}

/** Rows of a matrix of two by two. */
export type Matrix = readonly [number, number, number, number];

/** Rows of a matrix of three by three, the last number 1: from a stored picture's coordinates to a query's. */
export type PictureMap = readonly [number, number, number, number, number, number, number, number, number];

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Return the frame of an upright circle: radius in pixels, angle in 1/256 turn, clockwise on the screen. */
export function frameOf(x: number, y: number, radius: number, angle: number): Frame {
  const turned = (2 * Math.PI * angle) / ANGLES;
  const [ux, uy] = [radius * Math.cos(turned), radius * Math.sin(turned)];
  return { x, y, ux, uy, vx: -uy, vy: ux };
}

/** Return the frame of the same place seen in a mirror, which keeps the direction of a gradient. */
export function turnedOver(frame: Frame): Frame {
  return { ...frame, vx: -frame.vx, vy: -frame.vy };
}

export function scaled({ x, y, ux, uy, vx, vy }: Frame, across: number, down: number): Frame {
  return { x: x * across, y: y * down, ux: ux * across, uy: uy * down, vx: vx * across, vy: vy * down };
}

/** Return the matrix whose columns are both axes. */
export function axesOf({ ux, uy, vx, vy }: Frame): Matrix {
  return [ux, vx, uy, vy];
}

export function determinant([a, b, c, d]: Matrix): number {
  return a * d - b * c;
}

export function inverted(matrix: Matrix): Matrix {
  const [a, b, c, d] = matrix;
  const size = determinant(matrix);
  return [d / size, -b / size, -c / size, a / size];
}

export function product([a, b, c, d]: Matrix, [e, f, g, h]: Matrix): Matrix {
  return [a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h];
}

export function moved([a, b, c, d]: Matrix, { x, y }: Point): Point {
  return { x: a * x + b * y, y: c * x + d * y };
}

/** Return the radius of the circle with the area of the ellipse that both axes span. */
export function radiusOf(frame: Frame): number {
  return Math.sqrt(Math.abs(determinant(axesOf(frame))));
}

/** What a map divides by at a point; not above 0 where the point lies behind the one who looks. */
export function depthAt(map: PictureMap, { x, y }: Point): number {
  return x * map[6] + y * map[7] + map[8];
}

export function pointThrough(map: PictureMap, point: Point): Point {
  const depth = depthAt(map, point);
  const { x, y } = point;
  return { x: (x * map[0] + y * map[1] + map[2]) / depth, y: (x * map[3] + y * map[4] + map[5]) / depth };
}

/** Return how a map acts around a point. */
export function jacobian(map: PictureMap, point: Point): Matrix {
  const depth = depthAt(map, point);
  const to = pointThrough(map, point);
  return [
    (map[0] - to.x * map[6]) / depth,
    (map[1] - to.x * map[7]) / depth,
    (map[3] - to.y * map[6]) / depth,
    (map[4] - to.y * map[7]) / depth,
  ];
}

/** Return a frame in the query: its centre exactly, its axes as the map acts around the centre. */
export function frameThrough(map: PictureMap, frame: Frame): Frame {
  const [ux, vx, uy, vy] = product(jacobian(map, frame), axesOf(frame));
  return { ...pointThrough(map, frame), ux, uy, vx, vy };
}

/** Return the map p -> linear p + shift. */
export function affine([a, b, c, d]: Matrix, { x, y }: Point): PictureMap {
  return [a, b, x, c, d, y, 0, 0, 1];
}

/** Return the map that goes through `first`, then through `then`. */
export function chained(then: PictureMap, first: PictureMap): PictureMap {
  const cell = (row: number, column: number): number =>
    [0, 1, 2].reduce((sum, step) => sum + (then[3 * row + step] ?? 0) * (first[3 * step + column] ?? 0), 0);
  const cells = [0, 1, 2].flatMap((row) => [0, 1, 2].map((column) => cell(row, column)));
  return normalised(cells);
}

/** Return nine numbers as a map: divided by the last. */
export function normalised(cells: readonly number[]): PictureMap {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0, last = 1] = cells;
  return [a / last, b / last, c / last, d / last, e / last, f / last, g / last, h / last, 1];
}
