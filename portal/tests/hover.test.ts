// SPDX-License-Identifier: Apache-2.0
/* A finger leaves "hover" behind on what it touched: the next step's button would look pressed already. */
import { expect, test } from "vitest";
import { filesUnder, readText } from "./files";

test.each(filesUnder("portal/src/styles", [".css"]))("%s: only what can hover shows it", (path) => {
  const always = readText(path).replaceAll(/@media \(hover: hover\) \{\n(?:(?: .*)?\n)*\}/g, "");
  expect(always).not.toContain(":hover");
});
