// SPDX-License-Identifier: Apache-2.0
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Linter } from "eslint";
import { parser } from "typescript-eslint";
import { describe, expect, test } from "vitest";
import { FLOORS, restrictedImports } from "../floors.mjs";
import { circlesOf, importsOf } from "./circles";
import { filesUnder } from "./files";

const OWN = { files: ["**/*.{ts,tsx}"], languageOptions: { parser } };

function found(filename: string, code: string): readonly string[] {
  const linter = new Linter({ cwd: "/" });
  return linter
    .verify(code, [OWN, ...restrictedImports] as Linter.Config[], `/${filename}`)
    .map(({ message }) => message);
}

describe("the floors of the portal's code", () => {
  test("each folder stands on one floor", () => {
    const folders = readdirSync(new URL("../src", import.meta.url), { withFileTypes: true });
    const names = folders.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    expect(FLOORS.flat().sort()).toEqual(names.sort());
  });

  test.each([
    ["src/wire/requests.ts", 'import { FileStep } from "../files/file_step";'],
    ["src/wire/requests.ts", 'import type { Row } from "../files/rows";'],
    ["src/wire/requests.ts", 'export { send } from "../send/work";'],
    ["src/log/report.ts", 'const page = () => import("../folder/page");'],
    ["src/try/panel.tsx", 'import { Row } from "../send/send_step";'],
    ["src/components/of/one.ts", 'import "../../pages/one";'],
  ])("%s refuses %s", (filename, code) => {
    expect(found(filename, code).join()).toContain("floors.mjs");
  });

  test.each([
    ["src/folder/export.tsx", 'const pdf = () => import("../log/pdf");'],
    ["src/case/screen.tsx", 'import { FileStep } from "../files/file_step"; import { Overview } from "./overview";'],
  ])("%s may hold %s", (filename, code) => {
    expect(found(filename, code)).toEqual([]);
  });

  test("no file comes back to itself", () => {
    const root = fileURLToPath(new URL("../..", import.meta.url));
    const graph = importsOf(filesUnder("portal/src", [".ts", ".tsx", ".astro"]).map((path) => `${root}${path}`));
    expect([...graph.values()].flat().length).toBeGreaterThan(500);
    expect(circlesOf(graph)).toEqual([]);
  });

  test("a circle is found with its way", () => {
    const graph = new Map([
      ["a", ["b", "d"]],
      ["b", ["c"]],
      ["c", ["a"]],
      ["d", []],
    ]);
    expect(circlesOf(graph)).toContainEqual(["a", "b", "c", "a"]);
    expect(circlesOf(new Map([...graph, ["c", ["d"]]]))).toEqual([]);
  });
});
