// SPDX-License-Identifier: Apache-2.0
/*
 * Writes into every page what each of its scripts and styles has to be (Subresource Integrity), so that a browser runs no other.
 *
 * A module's static imports name no digest. Each is therefore named before the module by a `modulepreload` that has one: it is fetched only
 * once, and the import gets what was checked. An import map could do the same, but only inline, which the policy forbids.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { filesIn, integrityOf } from "./files.mjs";

const SCRIPT = /<script( type="module")? src="\/([^"]+)">/g;
const STYLE = /<link rel="stylesheet" href="\/([^"]+)">/g;

export function integrity() {
  /** @type {Map<string, readonly string[]>} the files that each script imports, not those that it loads later */
  const imports = new Map();
  const collector = {
    name: "integrity",
    generateBundle(_options, bundle) {
      for (const part of Object.values(bundle)) if (part.type === "chunk") imports.set(part.fileName, part.imports);
    },
  };
  return {
    name: "integrity",
    hooks: {
      "astro:config:setup": ({ updateConfig }) => updateConfig({ vite: { plugins: [collector] } }),
      "astro:build:done": ({ dir }) => writeAll(fileURLToPath(dir), imports),
    },
  };
}

function writeAll(folder, imports) {
  const digests = new Map();
  const attributeOf = (file) => {
    if (!digests.has(file)) digests.set(file, integrityOf(readFileSync(folder + file)));
    return `integrity="${digests.get(file)}"`;
  };
  const preloads = (file) =>
    importedBy(file, imports)
      .map((one) => `<link rel="modulepreload" href="/${one}" ${attributeOf(one)}>`)
      .join("");
  for (const name of filesIn(folder).filter((one) => one.endsWith(".html"))) {
    const page = readFileSync(folder + name, "utf-8");
    const written = page
      .replace(STYLE, (_, file) => `<link rel="stylesheet" href="/${file}" ${attributeOf(file)}>`)
      .replace(SCRIPT, (_, module, file) => {
        const before = module ? preloads(file) : "";
        return `${before}<script${module ?? ""} src="/${file}" ${attributeOf(file)}>`;
      });
    writeFileSync(folder + name, written);
  }
}

/** Every file that a module imports, directly or through another, in the order of meeting. */
function importedBy(file, imports) {
  const found = new Set();
  const visit = (one) => {
    for (const imported of imports.get(one) ?? []) {
      if (found.has(imported)) continue;
      found.add(imported);
      visit(imported);
    }
  };
  visit(file);
  return [...found];
}
