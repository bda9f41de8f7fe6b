// SPDX-License-Identifier: Apache-2.0
/* Which files import each other, over however many steps; types count too, as a reader has to follow them all the same. */

import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { preProcessFile } from "typescript";

export type Graph = ReadonlyMap<string, readonly string[]>;

const ENDINGS = ["", ".ts", ".tsx", ".d.ts"];

/** Return the files of the portal's own that each file imports, also those that it loads later. */
export function importsOf(paths: readonly string[]): Graph {
  return new Map(
    paths.map((path) => {
      const names = preProcessFile(readFileSync(path, "utf-8"), true, true).importedFiles.map(
        ({ fileName }) => fileName,
      );
      return [path, names.filter((name) => name.startsWith(".")).flatMap((name) => fileOf(path, name))];
    }),
  );
}

function fileOf(importer: string, name: string): readonly string[] {
  const place = resolve(dirname(importer), name.replace(/\?.*$/, ""));
  return ENDINGS.map((ending) => place + ending).filter((path) => existsSync(path) && statSync(path).isFile());
}

/** Return every file that comes back to itself, with the way that it takes. */
export function circlesOf(graph: Graph): readonly (readonly string[])[] {
  return [...graph.keys()].flatMap((start) => {
    const way = wayBack(graph, start);
    return way === null ? [] : [way];
  });
}

function wayBack(graph: Graph, start: string): readonly string[] | null {
  const seen = new Set<string>();
  const open: (readonly string[])[] = [[start]];
  for (let way = open.shift(); way !== undefined; way = open.shift()) {
    for (const next of graph.get(way[way.length - 1] ?? "") ?? []) {
      if (next === start) return [...way, start];
      if (seen.has(next)) continue;
      seen.add(next);
      open.push([...way, next]);
    }
  }
  return null;
}
