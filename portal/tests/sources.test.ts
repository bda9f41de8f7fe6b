// SPDX-License-Identifier: Apache-2.0
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { filesUnder, readText } from "./files";

const code = filesUnder("portal/src", [".ts", ".tsx"]);
const pages = filesUnder("portal/src", [".astro"]);
const all = [
  ...code,
  ...pages,
  ...filesUnder("portal/src", [".css"]),
  ...filesUnder("portal/offline", [".js", ".mjs"]),
];
const hasLetter = (text: string): boolean => /\p{L}/u.test(text);
/** Attributes whose values a person reads or hears. */
/** The files that may keep something on the device, each only where the person switched that on. */
const STORES = ["portal/src/kept/kept_text.ts", "portal/src/vault/store.ts"];
/** The files that may keep a text by the first of those. */
const KEEPERS = [
  "portal/src/labels/labels.ts",
  "portal/src/ledger/remembered.ts",
  "portal/src/guidance/remembered.ts",
  "portal/src/place/kept_place.ts",
  "portal/src/sites/remembered.ts",
];
/** The one file that may keep the pages themselves. */
const PAGES = "portal/src/device/pages_kept.ts";
const READ_ATTRIBUTES = ["alt", "title", "placeholder", "aria-label", "label", "aria-description"];

function nodesOf(path: string): ts.Node[] {
  const root = ts.createSourceFile(
    path,
    readText(path),
    ts.ScriptTarget.Latest,
    true,
    path.endsWith("x") ? ts.ScriptKind.TSX : ts.ScriptKind.TS,
  );
  const found: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    found.push(node);
    node.forEachChild(visit);
  };
  visit(root);
  return found;
}

describe.each(code)("%s", (path) => {
  const nodes = nodesOf(path);

  test("has no `any`", () => {
    expect(nodes.filter((node) => node.kind === ts.SyntaxKind.AnyKeyword)).toEqual([]);
  });

  test("takes every word a person reads from the catalogue", () => {
    const texts = nodes.filter(ts.isJsxText).map((node) => node.text);
    const attributes = nodes
      .filter(ts.isJsxAttribute)
      .filter(
        (node) =>
          READ_ATTRIBUTES.includes(node.name.getText()) &&
          node.initializer !== undefined &&
          ts.isStringLiteral(node.initializer),
      )
      .map((node) => node.getText());
    expect([...texts, ...attributes].filter(hasLetter)).toEqual([]);
  });

  test("asks a browser for nothing that came after Chrome 87 and Safari 15", () => {
    // What the language itself got later is refused by the library of types (tsconfig.json: ES2021).
    expect(readText(path)).not.toMatch(
      /randomUUID|structuredClone|AbortSignal\.(timeout|any)|\.(requestSubmit|showPicker|checkVisibility)\(/,
    );
  });

  test("stores nothing but where the person may switch that on, and asks nobody else", () => {
    const text = readText(path);
    if (!STORES.includes(path)) expect(text).not.toMatch(/localStorage|indexedDB/);
    if (!KEEPERS.includes(path)) expect(text).not.toMatch(/kept_text"/);
    if (path !== PAGES) expect(text).not.toMatch(/serviceWorker|\bcaches\b/);
    expect(text).not.toMatch(/sessionStorage|document\.cookie|sendBeacon|https?:\/\//);
    expect(text).not.toMatch(/innerHTML|dangerouslySetInnerHTML|\beval\(/);
  });
});

/** Return what is left of a page's markup without code, tags and expressions: the text it would show as it stands. */
function plainText(source: string): string {
  let text = source
    .replace(/^---[\s\S]*?---/, "")
    .replace(/<script>[\s\S]*?<\/script>/g, "")
    .replace(/<svg[\s\S]*?<\/svg>/g, "");
  for (let before = ""; before !== text;) {
    before = text;
    text = text.replace(/\{[^{}]*\}/g, "");
  }
  return text.replace(/<[^<>]*>/g, "");
}

test("the finder of plain text finds it", () => {
  expect(plainText('---\nconst a = 1;\n---\n<p class="b">Hello {t("x")}</p>').trim()).toBe("Hello");
});

describe.each(pages)("%s", (path) => {
  test("takes every word a person reads from the catalogue", () => {
    const source = readText(path);
    expect(plainText(source).match(/\p{L}+/gu) ?? []).toEqual([]);
    const attributes = READ_ATTRIBUTES.filter((name) =>
      new RegExp(`\\s${name}="[^"]*\\p{L}`, "u").test(source.replace(/<Page[^>]*>/g, "")),
    );
    expect(attributes).toEqual([]);
  });
});

test.each(all)("%s begins with its licence and stays within its length", (path) => {
  const text = readText(path);
  expect(text.split("\n").slice(0, 2).join("\n")).toContain("SPDX-License-Identifier: Apache-2.0");
  expect(text.split("\n").length).toBeLessThanOrEqual(400);
});
