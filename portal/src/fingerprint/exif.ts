// SPDX-License-Identifier: Apache-2.0
/*
 * Which way up a picture is, by its Exif: "Orientation" in spec/fingerprint.md, the rules of stillmine.fingerprint.structure.exif. Browsers follow
 * such turns by rules of their own that differ, so their decoders are given files without them.
 */

export const UPRIGHT = 1;

const ORIENTATION = 0x0112;
const SHORT = 3;
const LONG = 4;
const HEADER_BYTES = 6;
const ENTRY_BYTES = 12;

/** Whether bytes begin as the Exif of a JPEG does: four letters, a zero and any byte. */
export function beginsExif(data: Uint8Array): boolean {
  return data.length > HEADER_BYTES && [0x45, 0x78, 0x69, 0x66, 0].every((byte, place) => data[place] === byte);
}

/** Return the orientation, 1 to 8, of Exif with or without its header; 1 of what can't be read. */
export function readOrientation(exif: Uint8Array): number {
  const tiff = beginsExif(exif) ? exif.subarray(HEADER_BYTES) : exif;
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  try {
    const start = view.getUint32(0);
    if (start !== 0x49492a00 && start !== 0x4d4d002a) return UPRIGHT;
    return orientationIn(view, start === 0x49492a00);
  } catch (error) {
    if (error instanceof RangeError) return UPRIGHT;
    throw error;
  }
}

/** The first number of a SHORT or LONG; turns beyond 8 are none. Throws RangeError where the directory is cut. */
function orientationIn(view: DataView, isLittle: boolean): number {
  const directory = view.getUint32(4, isLittle);
  const count = view.getUint16(directory, isLittle);
  for (let entry = 0, place = directory + 2; entry < count; entry += 1, place += ENTRY_BYTES) {
    if (view.getUint16(place, isLittle) !== ORIENTATION) continue;
    const type = view.getUint16(place + 2, isLittle);
    const whole = view.getUint32(place + 8, isLittle);
    const value = type === SHORT ? view.getUint16(place + 8, isLittle) : type === LONG ? whole : UPRIGHT;
    return value >= 1 && value <= 8 ? value : UPRIGHT;
  }
  return UPRIGHT;
}
