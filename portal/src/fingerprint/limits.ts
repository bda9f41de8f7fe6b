// SPDX-License-Identifier: Apache-2.0
/* How much of a file is looked at before it is refused; the same as stillmine.fingerprint.limits. */

export const MAXIMUM_FILE_BYTES = 64 * 1024 * 1024;
export const MAXIMUM_PIXELS = 89_000_000;
export const MAXIMUM_DIMENSION = 32_768;
export const MINIMUM_DIMENSION = 5;
