// SPDX-License-Identifier: Apache-2.0
/* Reads the project's own files for tests; nothing outside the project. */

import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export function readText(path: string): string {
  return readFileSync(ROOT + path, "utf-8");
}

export function readBytes(path: string): Uint8Array {
  return readFileSync(ROOT + path);
}

/** Return every file under a folder whose name ends so, as paths from the project's root. */
export function filesUnder(folder: string, ends: readonly string[]): string[] {
  return readdirSync(ROOT + folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && ends.some((end) => entry.name.endsWith(end)))
    .map((entry) => `${entry.parentPath}/${entry.name}`.replaceAll("\\", "/").slice(ROOT.length))
    .sort();
}

/** Return a file of flat text values. */
export function readWords(path: string): Map<string, string> {
  const value: unknown = JSON.parse(readText(path));
  if (typeof value !== "object" || value === null) throw new Error(`${path} is not an object`);
  return new Map(Object.entries(value).map(([key, text]) => [key, String(text)]));
}

/** Return every file of YAML under a folder by its path, as the build reads them. */
export function yamlUnder(folder: string): { readonly [path: string]: string } {
  return Object.fromEntries(filesUnder(folder, [".yaml"]).map((path) => [`/${path}`, readText(path)]));
}

/** Every language of the pages. */
export const LOCALES: readonly string[] = [
  ...new Set(filesUnder("content/messages", [".json"]).map((path) => path.split("/")[2] ?? "")),
];

/** All words of a language. */
export function wordsOf(locale: string): Map<string, string> {
  return new Map(filesUnder(`content/messages/${locale}`, [".json"]).flatMap((path) => [...readWords(path)]));
}
