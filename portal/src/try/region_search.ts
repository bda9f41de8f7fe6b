// SPDX-License-Identifier: Apache-2.0
/*
 * Whether a picture would be found by the regions of another: what a service and the exchange find out between them (spec/regions.md,
 * "Asking"), here on one device. Without the stretched views that a service asks about where these find nothing, so it never says more
 * than a service would find.
 */

import { HASH_BYTES } from "@kernel/memory";
import { GEOMETRY_BYTES, type Base, type RegionKernel } from "@kernel/regions";
import { fromBase64Url } from "../bytes/bytes";
import { distance } from "./bits";
import { turnedOver } from "./region_frames";
import { lookAt, placesOf, verdictOf, type Verdict } from "./region_look";
import { GUIDED_DISTANCE, VIEWS } from "./region_numbers";
import { located } from "./region_refine";
import { frameOfGeometry, smallSize, storedRegions, type RegionList } from "./region_values";
import type { Pair } from "./region_vote";
import { MAXIMUM_DISTANCE_BITS } from "../wire/types";

/** Per cent. */
const AS_IT_IS = 100;

/** Return the best that a second look says of a picture, wherever the stored one may lie in it; `value` is of kind `regions`. */
export function searchRegions(kernel: RegionKernel, base: Base, value: string): Verdict {
  const stored = storedRegions(fromBase64Url(value));
  const query = askedRegions(kernel, base);
  const size = smallSize(base);
  const pairs = pairsWithin(stored, query, GUIDED_DISTANCE);
  const alike = { stored: stored.frames, query: query.frames, pairs };
  const voting = pairs.filter((pair) => pair.distance <= MAXIMUM_DISTANCE_BITS);
  const verdicts = located(alike, voting).map(({ map }) => {
    const places = placesOf(stored.frames, map, size);
    const hashes = kernel.hashFrames(base, Int16Array.from(places.flatMap(({ steps }) => steps)));
    const bits = places.map(({ stored: number }, place) =>
      distance(
        stored.hashes[number] ?? new Uint8Array(),
        hashes.subarray(place * HASH_BYTES, (place + 1) * HASH_BYTES),
      ),
    );
    return verdictOf(lookAt(stored.frames, stored.size, places, bits));
  });
  return (["match", "part"] as const).find((verdict) => verdicts.includes(verdict)) ?? "clear";
}

/** Each region stands there twice: as it is, and as it would be in a mirror. */
function askedRegions(kernel: RegionKernel, base: Base): RegionList {
  const views = VIEWS.map(([area, count]) => kernel.findRegions(base, area, AS_IT_IS, count));
  const frames = views
    .flatMap(({ geometry }) => rowsOf(geometry, GEOMETRY_BYTES))
    .map((geometry) => frameOfGeometry(geometry, smallSize(base)));
  return {
    hashes: [
      ...views.flatMap(({ hashes }) => rowsOf(hashes, HASH_BYTES)),
      ...views.flatMap(({ mirrored }) => rowsOf(mirrored, HASH_BYTES)),
    ],
    frames: [...frames, ...frames.map(turnedOver)],
  };
}

function rowsOf(bytes: Uint8Array, size: number): readonly Uint8Array[] {
  return Array.from({ length: bytes.length / size }, (_, row) => bytes.subarray(row * size, (row + 1) * size));
}

/** Return the pairs that differ in so few bits. */
export function pairsWithin(some: RegionList, others: RegionList, bits: number): readonly Pair[] {
  return some.hashes.flatMap((hash, stored) =>
    others.hashes
      .map((other, query) => ({ stored, query, distance: distance(hash, other) }))
      .filter((pair) => pair.distance <= bits),
  );
}
