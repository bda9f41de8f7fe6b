// SPDX-License-Identifier: Apache-2.0
/* How much of a file is looked at; the same as stillmine.fingerprint.ground.limits and .media_limits where no reason is given. */

/** Of a picture's file: it is read into memory whole. */
export const MAXIMUM_PICTURE_BYTES = 64 * 1024 * 1024;
export const MAXIMUM_FILE_BYTES = 4 * 1024 ** 3;
export const MAXIMUM_PIXELS = 89_000_000;
/** Of a JPEG whose rows come out as it is read: it is decoded smaller. */
export const MAXIMUM_SHRUNK_PIXELS = 2 ** 28;
export const MAXIMUM_DIMENSION = 32_768;
export const MINIMUM_DIMENSION = 5;

export const MAXIMUM_FRAME_PIXELS = 36_000_000;
export const MAXIMUM_VIDEO_SECONDS = 7_200;
export const MAXIMUM_PACKETS = 2_000_000;
export const MAXIMUM_DAMAGED_PACKETS = 2_000;
export const MAXIMUM_ANIMATION_FRAMES = 20_000;
export const MAXIMUM_SOUND_SECONDS = 1_500;
/** Of a file whose sound the page has to decode: browsers do that only whole, in memory. */
export const MAXIMUM_PAGE_SOUND_BYTES = 32 * 1024 * 1024;
/** Of frames that are kept until it is known where black bars end; half of what the server keeps. */
export const MAXIMUM_HELD_BYTES = 32 * 1024 * 1024;
