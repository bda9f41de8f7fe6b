// SPDX-License-Identifier: Apache-2.0
/*
 * WebKit on Linux (WebKitGTK, WPE) decodes with GStreamer, and Safari does not. What it does wrong (2.50) can't be noticed in time, so the
 * browser's name decides: its decoder of sound in a worker ends the whole page where a sample's channels lie apart (AAC) and gives nothing
 * of Vorbis, and its player shows other seconds than an edit list says.
 */

const APPLE_ENGINE = /AppleWebKit\/605\./u;
const UNCOMPRESSED = "pcm-";

/** Whether a worker's decoder may be given sound of a codec in the browser of that name; the page's decoder of whole files may always. */
export function isSafeSound(codec: string | null, userAgent: string): boolean {
  return !isWebKitOnLinux(userAgent) || (codec?.startsWith(UNCOMPRESSED) ?? false);
}

/** Whether the player of the browser of that name shows of a video that is cut what is left of it. */
export const followsEdits = (userAgent: string): boolean => !isWebKitOnLinux(userAgent);

function isWebKitOnLinux(userAgent: string): boolean {
  return APPLE_ENGINE.test(userAgent) && userAgent.includes("Linux");
}
