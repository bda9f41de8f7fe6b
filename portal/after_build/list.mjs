// SPDX-License-Identifier: Apache-2.0
/* Writes portal-files.txt, the hash of each file of the portal, in the form of `sha256sum`: spec/portal-list.md. */

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { filesIn } from "./files.mjs";

const NAME = "portal-files.txt";

/** Has to come after everything that writes a file, and before the compressed copies, which are not in the list. */
export function list() {
  return {
    name: "list",
    hooks: {
      "astro:build:done": ({ dir }) => {
        const folder = fileURLToPath(dir);
        const hashOf = (name) =>
          createHash("sha256")
            .update(readFileSync(folder + name))
            .digest("hex");
        const lines = filesIn(folder).map((name) => `${hashOf(name)}  ${name}\n`);
        writeFileSync(folder + NAME, lines.join(""));
      },
    },
  };
}
