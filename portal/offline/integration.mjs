// SPDX-License-Identifier: Apache-2.0
/* Writes dist/sw.js: the list of all built files with the digest of each, a version made from these, and offline/worker.js. */

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { filesIn, integrityOf } from "../after_build/files.mjs";

/** @param {readonly string[]} locales languages other than English */
export function offline(locales) {
  return {
    name: "offline",
    hooks: {
      "astro:build:done": ({ dir }) => {
        const folder = fileURLToPath(dir);
        const worker = readFileSync(fileURLToPath(new URL("worker.js", import.meta.url)), "utf-8");
        writeFileSync(`${folder}sw.js`, serviceWorker(folder, worker, locales));
      },
    },
  };
}

function serviceWorker(folder, worker, locales) {
  const names = filesIn(folder).filter((name) => !["sw.js", "robots.txt"].includes(name));
  const files = JSON.stringify(
    Object.fromEntries(
      names.map((name) => [`/${name.replace(/(^|\/)index\.html$/, "$1")}`, integrityOf(readFileSync(folder + name))]),
    ),
  );
  const told = `const FILES = ${files};\nconst LANGUAGES = ${JSON.stringify(locales)};\n${worker}`;
  const version = createHash("sha256").update(told).digest("hex").slice(0, 16);
  return `const VERSION = ${JSON.stringify(version)};\n${told}`;
}
