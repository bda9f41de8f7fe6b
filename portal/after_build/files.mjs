// SPDX-License-Identifier: Apache-2.0
/* What the steps after the build share: which files there are, in one order, and the digest of a file. */

import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";

/**
 * The files of a folder, by their paths from it, in the order of their characters.
 * @param {string} folder ends with a slash
 */
export function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.replaceAll("\\", "/").slice(folder.length).replace(/^\/+/, ""))
    .sort();
}

/**
 * A digest as browsers take it (W3C Subresource Integrity).
 * @param {Uint8Array} bytes
 */
export function integrityOf(bytes) {
  return `sha256-${createHash("sha256").update(bytes).digest("base64")}`;
}
