// SPDX-License-Identifier: Apache-2.0
/* Solves the parts of a proof of work, one after the other: spec/intake.md. Pure; for the worker and for tests. */

import { createSHA256 } from "hash-wasm";

/** Room for the largest number that is counted to exactly. */
const NUMBER_BYTES = 16;

/** Yield each part's number, from part 0. */
export async function* workSums(challenge: string, parts: number, zeroBits: number): AsyncGenerator<number> {
  const hasher = await createSHA256();
  const isSolved = (text: Uint8Array): boolean => {
    const digest = hasher.init().update(text).digest("binary");
    return new DataView(digest.buffer, digest.byteOffset).getUint32(0) >>> (32 - zeroBits) === 0;
  };
  for (let part = 0; part < parts; part += 1)
    yield firstSolved(new TextEncoder().encode(`${challenge}.${part}.`), isSolved);
}

/** The number is written behind the start in place: a new text for every try would be the larger half of the work. */
function firstSolved(start: Uint8Array, isSolved: (text: Uint8Array) => boolean): number {
  const text = new Uint8Array(start.length + NUMBER_BYTES);
  text.set(start);
  for (let number = 0; ; number += 1) {
    const digits = String(number);
    for (let place = 0; place < digits.length; place += 1) text[start.length + place] = digits.charCodeAt(place);
    if (isSolved(text.subarray(0, start.length + digits.length))) return number;
  }
}
