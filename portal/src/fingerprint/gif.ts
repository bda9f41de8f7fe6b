// SPDX-License-Identifier: Apache-2.0
/* The first picture of a GIF, put right at its end: the rules of stillmine.fingerprint.structure.mend. */

type Bytes = Uint8Array<ArrayBuffer>;

/** `probe` has other bits where the file ends; null where its first picture is whole. */
export interface CleanGif {
  readonly parts: readonly Bytes[];
  readonly probe: readonly Bytes[] | null;
}

const IMAGE = 0x2c;
const EXTENSION = 0x21;

/** Return the first picture alone; null where the file ends before its pixels. */
export function cleanGif(bytes: Bytes, filling: Bytes): CleanGif | null {
  let place = 13 + tableBytes(bytes, 10);
  while (bytes[place] === EXTENSION) place = afterBlocks(bytes, place + 2);
  if (bytes[place] !== IMAGE) return null;
  const end = afterBlocks(bytes, place + 11 + tableBytes(bytes, place + 9));
  if (end <= bytes.length) return { parts: [bytes.subarray(0, end), Uint8Array.of(0x3b)], probe: null };
  const missing = end - 1 - bytes.length;
  const other = Uint8Array.from({ length: missing }, (_, index) => filling[index % filling.length] ?? 0);
  const close = Uint8Array.of(0, 0x3b);
  return {
    parts: [bytes, new Uint8Array(missing), close],
    probe: [bytes, other, Uint8Array.of(filling.length), filling, close],
  };
}

/** Where a row of blocks ends, its last and empty one included; past the file's end where it is cut. */
function afterBlocks(bytes: Uint8Array, start: number): number {
  let place = start;
  while (place < bytes.length && bytes[place] !== 0) place += 1 + (bytes[place] ?? 0);
  return place + 1;
}

function tableBytes(bytes: Uint8Array, place: number): number {
  const flags = bytes[place] ?? 0;
  return flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0;
}
