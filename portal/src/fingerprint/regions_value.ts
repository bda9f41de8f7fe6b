// SPDX-License-Identifier: Apache-2.0
/* The value of kind `regions` of an upright picture, as stillmine.fingerprint.picture.regions makes it. Contract: spec/regions.md, "Value". */

import { HASH_BYTES } from "@kernel/kernel";
import { GEOMETRY_BYTES, type Base, type RegionKernel } from "@kernel/regions";
import { toBase64Url } from "../bytes/bytes";

const FORMAT = 1;
/** With fewer regions a picture can't be recognised by them. */
const FEWEST = 6;
const AREA = 65_536;
const LONGEST = 65_535;

/** Return the value, null where the picture has too few regions; `pdq` is that of the whole picture. */
export function regionsValue(kernel: RegionKernel, base: Base, pdq: Uint8Array): string | null {
  const { count, hashes, geometry } = kernel.enrolRegions(base);
  if (count < FEWEST) return null;
  const scale = (AREA / (base.width * base.height)) ** 0.5;
  const sides = [base.width, base.height].map((side) => Math.min(LONGEST, Math.max(1, Math.round(side * scale))));
  const head = [FORMAT, count, ...sides.flatMap((side) => [side & 255, side >> 8])];
  const rows = Array.from({ length: count }, (_, row) => [
    ...hashes.subarray(row * HASH_BYTES, (row + 1) * HASH_BYTES),
    ...geometry.subarray(row * GEOMETRY_BYTES, (row + 1) * GEOMETRY_BYTES),
  ]);
  return toBase64Url(Uint8Array.from([...head, ...pdq, ...rows.flat()]));
}
