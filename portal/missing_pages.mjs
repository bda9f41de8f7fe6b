// SPDX-License-Identifier: Apache-2.0
/* Puts each language's page for what is not there at 404.html in its folder, where no address leads and servers look for it. */

import { renameSync, rmdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** @param {readonly string[]} locales languages other than English */
export function missing(locales) {
  return {
    name: "missing",
    hooks: {
      "astro:build:done": ({ dir }) => {
        for (const place of ["404", ...locales.map((locale) => `${locale}/404`)]) {
          const folder = fileURLToPath(new URL(place, dir));
          renameSync(`${folder}/index.html`, `${folder}.html`);
          rmdirSync(folder);
        }
      },
    },
  };
}
