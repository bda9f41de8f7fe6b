// SPDX-License-Identifier: Apache-2.0
/*
 * Writes beside each file what servers send to browsers that take it compressed: `<name>.br` and `<name>.gz`, where they are smaller.
 *
 * These are the same for everybody, so their sizes tell nothing. Answers about a case are never compressed: spec/case.md.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { filesIn } from "./files.mjs";

const LEAST_BYTES = 512;

const FORMS = {
  br: (bytes) =>
    promisify(brotliCompress)(bytes, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    }),
  gz: (bytes) => promisify(gzip)(bytes, { level: constants.Z_BEST_COMPRESSION }),
};

export function compressed() {
  return {
    name: "compressed",
    hooks: {
      "astro:build:done": async ({ dir }) => {
        const folder = fileURLToPath(dir);
        await Promise.all(filesIn(folder).map((name) => compress(folder + name)));
      },
    },
  };
}

async function compress(file) {
  const bytes = readFileSync(file);
  if (bytes.length < LEAST_BYTES) return;
  for (const [ending, form] of Object.entries(FORMS)) {
    const smaller = await form(bytes);
    if (smaller.length < bytes.length) writeFileSync(`${file}.${ending}`, smaller);
  }
}
