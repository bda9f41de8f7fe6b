// SPDX-License-Identifier: Apache-2.0
import { HASH_BYTES } from "@kernel/memory";
import { describe, expect, test } from "vitest";
import { fromBase64 } from "../src/bytes/bytes";
import { distance } from "../src/try/bits";
import { scaled, turnedOver, type Frame } from "../src/try/region_frames";
import { lookAt, placesOf, verdictOf } from "../src/try/region_look";
import { GUIDED_DISTANCE, MAXIMUM_GUIDED } from "../src/try/region_numbers";
import { located } from "../src/try/region_refine";
import { pairsWithin } from "../src/try/region_search";
import { frameOfGeometry, storedRegions, type RegionList } from "../src/try/region_values";
import { MAXIMUM_DISTANCE_BITS } from "../src/wire/types";
import { readText } from "./files";

interface Scene {
  readonly name: string;
  readonly stored: string;
  readonly query: {
    readonly width: number;
    readonly height: number;
    readonly views: readonly (readonly [number, number, string])[];
  };
  readonly pairs: readonly (readonly [number, number, number])[];
  readonly places: readonly {
    readonly map: readonly (readonly number[])[];
    readonly support: number;
    readonly frames: readonly (readonly number[])[];
    readonly hashes: string;
    readonly visible: number;
    readonly agreeing: number;
    readonly share: number;
    readonly spread: number;
    readonly verdict: string;
  }[];
}

const ASKED_BYTES = 69;
const scenes = (JSON.parse(readText("vectors/region_matching.json")) as { scenes: readonly Scene[] }).scenes;

function bytesOf(text: string): Uint8Array {
  const bytes = fromBase64(text);
  if (!bytes) throw new Error("no base64");
  return bytes;
}

function rowsOf(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: bytes.length / size }, (_, row) => bytes.subarray(row * size, (row + 1) * size));
}

function queryOf({ width, height, views }: Scene["query"]): RegionList {
  const lists = views.map(([wide, high, regions]): RegionList => {
    const rows = rowsOf(bytesOf(regions), ASKED_BYTES);
    const frames = rows.map((row) =>
      scaled(frameOfGeometry(row.subarray(2 * HASH_BYTES), { width: wide, height: high }), width / wide, height / high),
    );
    const hashes = [0, HASH_BYTES].map((start) => rows.map((row) => row.subarray(start, start + HASH_BYTES)));
    return { hashes: hashes.flat(), frames: [...frames, ...frames.map(turnedOver)] };
  });
  return { hashes: lists.flatMap(({ hashes }) => hashes), frames: lists.flatMap(({ frames }) => frames) };
}

describe.each(scenes.map((scene) => [scene.name, scene] as const))("%s", (_name, scene) => {
  const stored = storedRegions(bytesOf(scene.stored));
  const query = queryOf(scene.query);
  const pairs = pairsWithin(stored, query, GUIDED_DISTANCE);
  const voting = pairs.filter((pair) => pair.distance <= MAXIMUM_DISTANCE_BITS);
  const found = located({ stored: stored.frames, query: query.frames, pairs }, voting);

  test("the same pairs are alike", () => {
    expect(voting.map((pair) => [pair.stored, pair.query, pair.distance])).toEqual(scene.pairs);
  });

  test("it lies where the Python says, by as many regions", () => {
    expect(found.map(({ support }) => support)).toEqual(scene.places.map(({ support }) => support));
    for (const [place, { map }] of found.entries())
      for (const [cell, value] of scene.places[place]!.map.flat().entries()) expect(map[cell]).toBeCloseTo(value, 2);
  });

  test("the second look sees the same", () => {
    for (const [number, { map }] of found.entries()) {
      const expected = scene.places[number]!;
      const places = placesOf(stored.frames, map, scene.query);
      const hashes = rowsOf(bytesOf(expected.hashes), HASH_BYTES);
      const bits = places.map((place) => distance(stored.hashes[place.stored]!, hashes[place.stored]!));
      const seen = lookAt(stored.frames, stored.size, places, bits);
      expect([seen.visible, seen.agreeing]).toEqual([expected.visible, expected.agreeing]);
      expect(seen.share).toBeCloseTo(expected.share, 4);
      expect(seen.spread).toBeCloseTo(expected.spread, 4);
      expect(verdictOf(seen)).toBe(expected.verdict);
      for (const place of places) expect(farOff(place.steps, expected.frames[place.stored]!)).toBeLessThanOrEqual(1);
    }
  });
});

/** The last sign of a frame may be rounded the other way. */
function farOff(steps: readonly number[], expected: readonly number[]): number {
  return Math.max(...steps.map((step, place) => Math.abs(step - (expected[place] ?? NaN))));
}

test("a mirror turns a frame over", () => {
  const frame: Frame = { x: 1, y: 2, ux: 3, uy: 4, vx: -4, vy: 3 };
  expect(turnedOver(turnedOver(frame))).toEqual(frame);
});

test("of too many pairs the nearest are looked at", () => {
  const { stored, query } = { stored: storedRegions(bytesOf(scenes[0]!.stored)), query: queryOf(scenes[0]!.query) };
  const pairs = pairsWithin(stored, query, GUIDED_DISTANCE);
  const voting = pairs.filter((pair) => pair.distance <= MAXIMUM_DISTANCE_BITS);
  const others = (distance: number) =>
    Array.from({ length: MAXIMUM_GUIDED }, () => ({ stored: 0, query: 0, distance }));
  const frames = { stored: stored.frames, query: query.frames };
  const found = located({ ...frames, pairs }, voting);
  expect(found[0]?.support).toBeGreaterThan(2);
  expect(located({ ...frames, pairs: [...others(GUIDED_DISTANCE), ...pairs] }, voting)).toEqual(found);
  expect(located({ ...frames, pairs: [...others(0), ...pairs] }, voting)).not.toEqual(found);
});
