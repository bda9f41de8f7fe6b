// SPDX-License-Identifier: Apache-2.0
/*
 * Whether the regions of pictures are part of what is sent. The device makes them either way, so that a change of mind takes effect at once;
 * what is left out is not on the page, not in the request and not in "try it". Pure.
 */

import type { FileFingerprints } from "../fingerprint/made";

/** Nothing is ticked: without a yes no region leaves the device (docs/decisions/2026-12-regions.md). */
export const HAS_REGIONS_BY_DEFAULT = false;

/** Whether a file has regions that could be left out. */
export function givesRegions({ fingerprints }: FileFingerprints): boolean {
  return fingerprints.some(({ kind }) => kind === "regions");
}

/** Return what a file gives without its regions. */
export function withoutRegions(made: FileFingerprints): FileFingerprints {
  return { ...made, fingerprints: made.fingerprints.filter(({ kind }) => kind !== "regions") };
}
