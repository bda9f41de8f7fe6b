// SPDX-License-Identifier: Apache-2.0
/* Writes dist/sw.js: the list of all built files, a version made from their bytes, and offline/worker.js. */

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const DEFAULT_LOCALE = "en";

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
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !["sw.js", "robots.txt", "404.html"].includes(entry.name))
    .map((entry) => `${entry.parentPath}/${entry.name}`.replaceAll("\\", "/").slice(folder.length))
    .map((name) => name.replace(/^\/+/, ""))
    .sort();
  const hash = createHash("sha256").update(worker);
  for (const name of names) hash.update(`${name}\n`).update(readFileSync(folder + name));
  const addresses = names.map((name) => `/${name.replace(/(^|\/)index\.html$/, "$1")}`);
  const languageOf = (address) => locales.find((locale) => address.startsWith(`/${locale}/`)) ?? (address.endsWith("/") || address.endsWith(".html") ? DEFAULT_LOCALE : null);
  const pages = Object.fromEntries([DEFAULT_LOCALE, ...locales].map((locale) => [locale, addresses.filter((address) => languageOf(address) === locale)]));
  const shared = addresses.filter((address) => languageOf(address) === null);
  return `const VERSION = ${JSON.stringify(hash.digest("hex").slice(0, 16))};\nconst FILES = ${JSON.stringify({ shared, pages })};\n${worker}`;
}
