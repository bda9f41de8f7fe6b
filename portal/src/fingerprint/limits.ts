// SPDX-License-Identifier: Apache-2.0
/*
 * How much of a file is looked at, and where its fingerprint ends: the server's own numbers.
 * Made by tools/portal_limits.py from stillmine.fingerprint; change it there and run the tool.
 */

/** Of a file: they tell what it is. */
export const START_BYTES = 4_096;
export const MAXIMUM_FILE_BYTES = 4_294_967_296;
/** Of a picture's file: it is read into memory whole. */
export const MAXIMUM_PICTURE_BYTES = 67_108_864;
export const MAXIMUM_PIXELS = 89_000_000;
/** Of a JPEG whose rows come out as it is read: it is decoded smaller. */
export const MAXIMUM_SHRUNK_PIXELS = 268_435_456;
export const MAXIMUM_DIMENSION = 32_768;
export const MINIMUM_DIMENSION = 5;
/** Along a side: a picture is decoded smaller only as far as each keeps so many pixels. */
export const PDQ_WINDOWS = 128;
export const MINIMUM_PIXELS_PER_WINDOW = 4;
/** Behind one picture. */
export const MAXIMUM_FILMS = 4;
export const MAXIMUM_FRAME_PIXELS = 36_000_000;
export const MAXIMUM_VIDEO_SECONDS = 7_200;
export const MAXIMUM_PACKETS = 2_000_000;
export const MAXIMUM_DAMAGED_PACKETS = 2_000;
export const MAXIMUM_ANIMATION_FRAMES = 20_000;
/** Frames this near to the first of a run are one with it. */
export const MERGED_DISTANCE_BITS = 4;
export const MAXIMUM_SOUND_SECONDS = 1_500;
/** Shorter sound matches by chance. */
export const MINIMUM_SOUND_VALUES = 36;
/** Share of bits that differ between neighbouring values. */
export const MINIMUM_SOUND_CHANGE = 0.02;
/** Of 32767, root mean square. */
export const MINIMUM_SOUND_LEVEL = 10;
/** Energy of the channels' sum, as a share of the sum of their energies. */
export const SILENCED = 0.1;
/** By how much a picture may be decoded smaller, the most first. */
export const SHRINKS = [8, 4, 2] as const;
