// SPDX-License-Identifier: Apache-2.0
/*
 * Whether a file was meant to be longer than it is, by the sizes that containers write of themselves: the rules of
 * stillmine.fingerprint.structure.declared_size. A size is never trusted, only compared.
 */

import { isOfBoxes } from "./sniff";

const MAXIMUM_BOXES = 100_000;

/** Return whether an MP4, AVI or WAV file names a size that goes past its end; false where it names none. */
export async function isShorterThanDeclared(file: Blob): Promise<boolean> {
  const start = await headOf(file, 0);
  if (start.byteLength < 16) return true;
  if (start.getUint32(0) === 0x52494646) return 8 + start.getUint32(4, true) > file.size;
  return isOfBoxes(new Uint8Array(start.buffer)) && (await endOfBoxes(file)) > file.size; // an early end of EBML shows in its own duration
}

async function endOfBoxes(file: Blob): Promise<number> {
  let place = 0;
  for (let box = 0; box < MAXIMUM_BOXES && place < file.size; box += 1) {
    const head = await headOf(file, place);
    if (head.byteLength < 8) return file.size + 1;
    let size = head.getUint32(0);
    if (size === 1 && head.byteLength >= 16) size = Number(head.getBigUint64(8));
    if (size < 8) return file.size; // to the end of the file, or damage, which decoding meets anyway
    place += size;
  }
  return place;
}

async function headOf(file: Blob, place: number): Promise<DataView> {
  return new DataView(await file.slice(place, place + 16).arrayBuffer());
}
