// SPDX-License-Identifier: Apache-2.0
/* Writes dist/sw.js: the list of all built files with the digest of each, a version made from these, and offline/worker.js. */

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
  const digests = new Map(
    names.map((name) => [`/${name.replace(/(^|\/)index\.html$/, "$1")}`, integrityOf(readFileSync(folder + name))]),
  );
  const addresses = [...digests.keys()];
  const languageOf = (address) =>
    locales.find((locale) => address.startsWith(`/${locale}/`)) ??
    (address.endsWith("/") || address.endsWith(".html") ? DEFAULT_LOCALE : null);
  const filesOf = (locale) =>
    Object.fromEntries(
      addresses.filter((address) => languageOf(address) === locale).map((address) => [address, digests.get(address)]),
    );
  const files = JSON.stringify({
    shared: filesOf(null),
    pages: Object.fromEntries([DEFAULT_LOCALE, ...locales].map((locale) => [locale, filesOf(locale)])),
  });
  const version = createHash("sha256").update(worker).update(files).digest("hex").slice(0, 16);
  return `const VERSION = ${JSON.stringify(version)};\nconst FILES = ${files};\n${worker}`;
}

/** A digest as browsers take it (W3C Subresource Integrity). */
function integrityOf(bytes) {
  return `sha256-${createHash("sha256").update(bytes).digest("base64")}`;
}
