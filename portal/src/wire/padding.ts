// SPDX-License-Identifier: Apache-2.0
/*
 * Messages of a case in a few sizes only, so that a line that is watched does not tell how many files they are about: JSON is
 * followed by spaces, which mean nothing in it. Contract: spec/case.md, "Sizes".
 */

/** 16, 64, 256 KiB, 1 and 4 MiB: the regions of seven pictures are in the first. */
export const PADDING_STEPS: readonly number[] = [2, 3, 4, 5, 6].map((exponent) => 4 ** exponent * 1024);

const SPACE = 0x20;

/** Return a message followed by spaces, of the size of the first step that holds it; one that is longer than all stays as it is. */
export function padded(message: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const step = PADDING_STEPS.find((size) => message.length <= size);
  if (step === undefined) return message;
  const filled = new Uint8Array(step).fill(SPACE);
  filled.set(message);
  return filled;
}

/** Return how many of a message's bytes are its padding. */
export function paddingOf(message: Uint8Array): number {
  let end = message.length;
  while (end > 0 && message[end - 1] === SPACE) end -= 1;
  return message.length - end;
}
