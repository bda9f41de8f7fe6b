// SPDX-License-Identifier: Apache-2.0
/* How far two hashes are apart. */

/** Return in how many bits two hashes of one length differ. */
export function distance(one: Uint8Array, other: Uint8Array): number {
  let bits = 0;
  for (const [place, byte] of one.entries())
    for (let rest = byte ^ (other[place] ?? 0); rest > 0; rest &= rest - 1) bits += 1;
  return bits;
}
