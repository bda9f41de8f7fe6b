// SPDX-License-Identifier: Apache-2.0
/*
 * The database of the sealed folders on this device. Holds nothing in clear but how each key is made and how often it was saved.
 *
 * Made only when the person chose to keep the log here.
 */

import { deleteDB, openDB, type DBSchema, type IDBPDatabase, type IDBPTransaction, type StoreNames } from "idb";
import type { Sealed } from "../bytes/seal";
import type { KeyRecipe } from "./key";

export const DATABASE = "stillmine-log";

/** A sealed folder as it is kept. */
export interface KeptLog {
  readonly format: number;
  readonly recipe: KeyRecipe;
  /** Counts saves, so that a second window can't overwrite the first one's. */
  readonly revision: number;
  readonly sealed: Sealed;
}

/** Version 1 had one folder, in a store of its own; it is the first of version 2. Its pictures stay where they are. */
const VERSION = 2;
const FIRST = 1;

interface Schema extends DBSchema {
  /** By the number of the folder. */
  folders: { key: number; value: KeptLog };
  pictures: { key: string; value: Sealed };
  /** Of version 1 alone. */
  log: { key: "log"; value: KeptLog };
}

type Upgrade = IDBPTransaction<Schema, StoreNames<Schema>[], "versionchange">;

/** Why something could not be kept: another window saved meanwhile, no room, or the browser keeps nothing. */
export type StoreProblem = "elsewhere" | "full" | "refused";

export class StoreError extends Error {
  constructor(readonly problem: StoreProblem) {
    super(problem);
  }
}

/** Whether anything is kept here; rejects where the browser does not let us look. Makes no database. */
export async function hasKept(): Promise<boolean> {
  return (await keptFolders()).length > 0;
}

/** A kept folder's number, and the recipe by which it is told from a later one of the same number. */
export interface Numbered {
  readonly number: number;
  readonly recipe: KeyRecipe;
}

/** Return the kept folders in the order of their numbers; rejects where the browser does not let us look. Makes no database. */
export async function keptFolders(): Promise<readonly Numbered[]> {
  if (!(await databaseExists())) return [];
  return withDatabase(async (database) => {
    const work = database.transaction("folders").store;
    const [numbers, folders] = await Promise.all([work.getAllKeys(), work.getAll()]);
    return folders.flatMap(({ recipe }, place) => {
      const number = numbers[place];
      return number === undefined ? [] : [{ number, recipe }];
    });
  });
}

/** Return a kept folder; null where there is none of this number. */
export async function readKept(folder: number): Promise<KeptLog | null> {
  if (!(await databaseExists())) return null;
  return withDatabase(async (database) => (await database.get("folders", folder)) ?? null);
}

type Pictures = ReadonlyMap<string, Sealed>;

/** Keep a new folder, and pictures with it, in one step; return its number, one above the highest. */
export async function addKept(kept: KeptLog, pictures: Pictures): Promise<number> {
  return written(async (work) => {
    const numbers = await work.objectStore("folders").getAllKeys();
    const folder = Math.max(FIRST - 1, ...numbers) + 1;
    await putAll(work, folder, kept, pictures);
    return folder;
  });
}

/** Keep a folder once more, and pictures with it, in one step; throws StoreError where the kept one is not `onto`, or another folder. */
export async function writeKept(folder: number, kept: KeptLog, onto: number, pictures: Pictures): Promise<void> {
  if (!(await databaseExists())) throw new StoreError("elsewhere");
  return written(async (work) => {
    const before = await work.objectStore("folders").get(folder);
    if (before?.revision !== onto || !isSame(before, kept.recipe)) throw new StoreError("elsewhere");
    await putAll(work, folder, kept, pictures);
  });
}

/** Erase one folder and its pictures, if it is still the one of this recipe; with the last one the database goes too. */
export async function eraseKept(folder: number, recipe: KeyRecipe): Promise<void> {
  if (!(await databaseExists())) return;
  const left = await written(async (work) => {
    const before = await work.objectStore("folders").get(folder);
    if (before === undefined || isSame(before, recipe)) await deleteAll(work, folder);
    return work.objectStore("folders").count();
  });
  if (left === 0) await wipeKept();
}

/** Numbers are given again once a folder is erased; each salt belongs to one folder alone. */
function isSame(kept: KeptLog, recipe: KeyRecipe): boolean {
  return kept.recipe.salt === recipe.salt;
}

type Work = IDBPTransaction<Schema, ("folders" | "pictures")[], "readwrite">;

async function deleteAll(work: Work, folder: number): Promise<void> {
  const pictures = work.objectStore("pictures");
  for (const place of await pictures.getAllKeys()) if (folderOf(place) === folder) await pictures.delete(place);
  await work.objectStore("folders").delete(folder);
}

async function putAll(work: Work, folder: number, kept: KeptLog, pictures: Pictures): Promise<void> {
  for (const [name, sealed] of pictures) await work.objectStore("pictures").put(sealed, placeOf(folder, name));
  await work.objectStore("folders").put(kept, folder);
}

/** Where a picture lies: those of the first folder under their SHA-256 alone, as version 1 put them. */
function placeOf(folder: number, sha256: string): string {
  return folder === FIRST ? sha256 : `${folder} ${sha256}`;
}

function folderOf(place: string): number {
  return place.includes(" ") ? Number(place.split(" ")[0]) : FIRST;
}

/** Do this in one transaction, whole or not at all; throws StoreError. */
async function written<Result>(change: (work: Work) => Promise<Result>): Promise<Result> {
  try {
    return await withDatabase(async (database) => {
      const work = database.transaction(["folders", "pictures"], "readwrite", { durability: "strict" });
      work.done.catch(() => undefined); // what went wrong is thrown below
      try {
        const result = await change(work);
        await work.done;
        return result;
      } catch (error) {
        abort(work); // else what was put before would be kept
        throw error;
      }
    });
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new StoreError(error instanceof DOMException && error.name === "QuotaExceededError" ? "full" : "refused");
  }
}

function abort(work: { abort: () => void }): void {
  try {
    work.abort();
  } catch {
    // it has ended already, and then nothing of it is kept either
  }
}

/** Return a kept picture; null where there is none of this name. Makes no database. */
export async function readPicture(folder: number, sha256: string): Promise<Sealed | null> {
  if (!(await databaseExists())) return null;
  return withDatabase(async (database) => (await database.get("pictures", placeOf(folder, sha256))) ?? null);
}

/** Erase the database and all in it. */
export async function wipeKept(): Promise<void> {
  await deleteDB(DATABASE);
}

async function withDatabase<Result>(work: (database: IDBPDatabase<Schema>) => Promise<Result>): Promise<Result> {
  const database = await openDB<Schema>(DATABASE, VERSION, {
    upgrade: (made, before, _, work) => {
      upgrade(made, before, work).catch(() => {
        abort(work); // nothing is changed, and opening fails
      });
    },
  });
  try {
    return await work(database);
  } finally {
    database.close();
  }
}

/** Make the stores, or bring those of version 1 up: all of it or nothing, as browsers undo an upgrade that fails. */
async function upgrade(made: IDBPDatabase<Schema>, before: number, work: Upgrade): Promise<void> {
  made.createObjectStore("folders");
  if (before === 0) {
    made.createObjectStore("pictures");
    return;
  }
  const kept = await work.objectStore("log").get("log");
  if (kept !== undefined) await work.objectStore("folders").put(kept, FIRST);
  made.deleteObjectStore("log");
}

/** Whether the database is there, without making it. */
async function databaseExists(): Promise<boolean> {
  if ("databases" in indexedDB) return (await indexedDB.databases()).some(({ name }) => name === DATABASE);
  let isNew = false;
  try {
    const database = await openDB(DATABASE, undefined, {
      upgrade(_, before, __, work) {
        isNew = before === 0;
        if (isNew) work.abort();
      },
    });
    database.close();
  } catch (error) {
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- `upgrade` sets it, which the types don't see
    if (!isNew) throw error;
  }
  return !isNew;
}
