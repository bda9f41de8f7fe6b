// SPDX-License-Identifier: Apache-2.0
/* Regions as frames and hashes: those of a value of kind `regions`, and those that the kernel finds in a picture. spec/regions.md. */

import { HASH_BYTES } from "@kernel/memory";
import { GEOMETRY_BYTES } from "@kernel/regions";
import { frameOf, type Frame } from "./region_frames";
import { PLACES, RADII_A_DOUBLING, RADIUS_UNIT, SMALL_SIDE } from "./region_numbers";

const REGION_BYTES = HASH_BYTES + GEOMETRY_BYTES;
const HEAD_BYTES = 6 + HASH_BYTES;

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Hashes of 32 bytes and where each lies, in pixels of the picture scaled to an area of 256 x 256. */
export interface RegionList {
  readonly hashes: readonly Uint8Array[];
  readonly frames: readonly Frame[];
}

/** A stored picture's regions, and its size when it is scaled so. */
export type StoredRegions = RegionList & { readonly size: Size };

/** Return the regions of a compact value of kind `regions`, which this device made: its form is not checked again. */
export function storedRegions(bytes: Uint8Array): StoredRegions {
  const size = { width: (bytes[2] ?? 0) | ((bytes[3] ?? 0) << 8), height: (bytes[4] ?? 0) | ((bytes[5] ?? 0) << 8) };
  const rows = Array.from({ length: bytes[1] ?? 0 }, (_, row) => {
    const start = HEAD_BYTES + row * REGION_BYTES;
    return bytes.subarray(start, start + REGION_BYTES);
  });
  return {
    size,
    hashes: rows.map((row) => row.subarray(0, HASH_BYTES)),
    frames: rows.map((row) => frameOfGeometry(row.subarray(HASH_BYTES), size)),
  };
}

/** Return the frame of a region's geometry: x and y in 12 bits each, radius, angle. */
export function frameOfGeometry(geometry: Uint8Array, { width, height }: Size): Frame {
  const [first = 0, second = 0, third = 0, radius = 0, angle = 0] = geometry;
  const x = ((first << 4) | (second >> 4)) * (width / PLACES);
  const y = (((second & 15) << 8) | third) * (height / PLACES);
  return frameOf(x, y, RADIUS_UNIT * 2 ** (radius / RADII_A_DOUBLING), angle);
}

/** Return the size of a picture scaled to an area of 256 x 256 pixels. */
export function smallSize({ width, height }: Size): Size {
  return { width: SMALL_SIDE * Math.sqrt(width / height), height: SMALL_SIDE * Math.sqrt(height / width) };
}
