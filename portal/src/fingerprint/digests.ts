// SPDX-License-Identifier: Apache-2.0
/* SHA-256 or MD5 of a whole file in one pass over slices: memory stays small however large the file is. */

import { createMD5, createSHA256 } from "hash-wasm";
import type { OnProgress } from "./made";

export type DigestKind = "sha256" | "md5";

const SLICE_BYTES = 4 * 1024 * 1024;

/** Return the digest as lower-case hex digits; rejects with the browser's own error where the file can't be read. */
export async function digestOf(file: Blob, kind: DigestKind, onProgress: OnProgress): Promise<string> {
  const hasher = await (kind === "md5" ? createMD5() : createSHA256());
  hasher.init();
  for (let start = 0; start < file.size; start += SLICE_BYTES) {
    const slice = await file.slice(start, start + SLICE_BYTES).arrayBuffer();
    hasher.update(new Uint8Array(slice));
    onProgress(Math.min(1, (start + SLICE_BYTES) / file.size));
  }
  return hasher.digest("hex");
}
