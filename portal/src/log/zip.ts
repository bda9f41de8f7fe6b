// SPDX-License-Identifier: Apache-2.0
/*
 * The log as a ZIP that anybody can check with usual tools, and read back. Rules: spec/log.md, Exports. Loaded only when needed.
 */

import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import { firstBreak, sha256Hex, type Entry } from "./entry";
import { FolderError, readEntry, type Folder } from "./folder";

export interface ZipParts {
  readonly folder: Folder;
  /** `log.txt`. */
  readonly text: string;
  /** `HOW-TO-CHECK.txt`. */
  readonly howTo: string;
  /** Kept pictures by their SHA-256. */
  readonly pictures: ReadonlyMap<string, Uint8Array>;
}

const EXTENSIONS: { readonly [type: string]: string } = {
  "image/jpeg": "jpg",
  "image/png": "png",
  "image/webp": "webp",
  "image/gif": "gif",
  "image/heic": "heic",
  "image/avif": "avif",
};

/** Return the ZIP's bytes. Times in it are those of 1980, so that they tell nothing of the device. */
export async function zipOf({ folder, text, howTo, pictures }: ZipParts): Promise<Uint8Array<ArrayBuffer>> {
  const files: { [name: string]: Uint8Array } = {
    "log.json": strToU8(logJson(folder)),
    "log.txt": strToU8(text),
    "HOW-TO-CHECK.txt": strToU8(howTo),
  };
  for (const entry of folder.entries) {
    entry.files.forEach(({ sha256, type }, place) => {
      const bytes = pictures.get(sha256);
      if (bytes) files[`pictures/${entry.number}-${place + 1}.${EXTENSIONS[type] ?? "bin"}`] = bytes;
    });
  }
  const sums = await Promise.all(
    Object.entries(files).map(async ([name, bytes]) => `${await sha256Hex(Uint8Array.from(bytes))}  ${name}\n`),
  );
  files["SHA256SUMS"] = strToU8(sums.join(""));
  return new Uint8Array(zipSync(files, { level: 6, mtime: "1980-01-01T00:00:00" }));
}

export interface Imported {
  readonly isTextOnly: boolean;
  readonly entries: readonly Entry[];
  readonly pictures: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** The first entry at which the chain breaks; null where it holds. */
  readonly brokenAt: number | null;
  /** How many pictures that the log names are not in the file, or are not the same any more. */
  readonly lostPictures: number;
}

/** Read an export, a ZIP or its `log.json`; throws FolderError where it is damaged, cut short or from a newer version. */
export async function readExport(bytes: Uint8Array<ArrayBuffer>): Promise<Imported> {
  const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b;
  const files = isZip ? unzipped(bytes) : { "log.json": bytes };
  const log = files["log.json"];
  if (!log) throw new FolderError("damaged");
  const { isTextOnly, entries } = readLogJson(strFromU8(log));
  const pictures = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const [name, content] of Object.entries(files)) {
    if (name.startsWith("pictures/")) pictures.set(await sha256Hex(Uint8Array.from(content)), Uint8Array.from(content));
  }
  const named = entries.flatMap((entry) => entry.files.filter((file) => file.is_kept).map((file) => file.sha256));
  const wanted = new Map([...pictures].filter(([sha256]) => named.includes(sha256)));
  return {
    isTextOnly,
    entries,
    pictures: wanted,
    brokenAt: await firstBreak(entries),
    lostPictures: named.filter((sha256) => !wanted.has(sha256)).length,
  };
}

function logJson({ is_text_only: isTextOnly, entries }: Folder): string {
  return `${JSON.stringify({ format: 1, is_text_only: isTextOnly, entries }, null, 1)}\n`;
}

function readLogJson(text: string): { readonly isTextOnly: boolean; readonly entries: readonly Entry[] } {
  let whole: unknown;
  try {
    whole = JSON.parse(text);
  } catch {
    throw new FolderError("damaged");
  }
  if (
    typeof whole !== "object" ||
    whole === null ||
    !("format" in whole) ||
    !("entries" in whole) ||
    !Array.isArray(whole.entries)
  )
    throw new FolderError("damaged");
  if (typeof whole.format !== "number" || whole.format > 1) throw new FolderError("newer");
  return { isTextOnly: "is_text_only" in whole && whole.is_text_only === true, entries: whole.entries.map(readEntry) };
}

function unzipped(bytes: Uint8Array): { readonly [name: string]: Uint8Array } {
  try {
    return unzipSync(bytes);
  } catch {
    throw new FolderError("damaged");
  }
}
