// SPDX-License-Identifier: Apache-2.0
/* A name that a person typed, fit to stand within a sentence of ours. Pure. */

/** Embeddings, overrides and isolates: they would turn what stands after the name, in our words too. */
const TURNING = /[\u202a-\u202e\u2066-\u2069]/gu;
/** Something that can be seen: no space, no control, no sign without a width of its own. */
const SEEN = /[^\p{C}\p{Z}]/u;

/** Return the name on one line and without signs that turn the direction of writing; "" where nothing of it can be seen. */
export function plainName(typed: string): string {
  const name = typed
    .replaceAll(TURNING, "")
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ")
    .trim();
  return SEEN.test(name) ? name : "";
}
