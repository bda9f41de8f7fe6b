// SPDX-License-Identifier: Apache-2.0
/*
 * All parts of the engine, fetched ahead: which of them a file needs must not be seen on the line, or it would tell whether the
 * person has an iPhone's picture, a video or a sound. A part that is missing here fails tests/portal/test_portal_sizes.py.
 */

/** Ends when all have come, or failed; one that failed is asked for again by the file that needs it. */
export async function fetchAllParts(): Promise<void> {
  await Promise.allSettled([
    import("./digests"),
    import("./moving"),
    import("./chromaprint").then(({ fetchChromaprint }) => fetchChromaprint()),
    import("./heif").then(({ fetchHeif }) => fetchHeif()),
  ]);
}
