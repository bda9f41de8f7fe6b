// SPDX-License-Identifier: Apache-2.0
/*
 * The database of the sealed folders on this device. Holds nothing in clear but how each key is made and how often it was saved.
 *
 * Made only when the person chose to keep the log here.
 */

import { deleteDB, openDB, type DBSchema, type IDBPDatabase, type IDBPTransaction, type StoreNames } from "idb";
import type { Sealed } from "../bytes/seal";
import { readKeptLog, saltOf, type KeptLog } from "./kept_log";

export const DATABASE = "stillmine-log";

/** Opening takes milliseconds. What takes this long waits for a window that holds the database open, and may wait for ever. */
const PATIENCE_MILLISECONDS = 8_000;

/** Version 1 had one folder, in a store of its own; it is the first of version 2. Its pictures stay where they are. */
const VERSION = 2;
const FIRST = 1;

interface Schema extends DBSchema {
  /** By the number of the folder; what comes back may be damaged. */
  folders: { key: number; value: unknown };
  pictures: { key: string; value: Sealed };
  /** Of version 1 alone. */
  log: { key: "log"; value: unknown };
}

type Upgrade = IDBPTransaction<Schema, StoreNames<Schema>[], "versionchange">;

/**
 * Why something could not be kept: another window saved meanwhile, or holds the database open; no room; a newer version made the database;
 * or the browser keeps nothing.
 */
export type StoreProblem = "elsewhere" | "blocked" | "full" | "newer" | "refused";

export class StoreError extends Error {
  constructor(readonly problem: StoreProblem) {
    super(problem);
  }
}

/** Whether anything is kept here; rejects where the browser does not let us look. Makes no database. */
export async function hasKept(): Promise<boolean> {
  return (await keptFolders()).length > 0;
}

/** A kept folder's number, and the salt by which it is told from a later one of the same number; "" where it is damaged. */
export interface Numbered {
  readonly number: number;
  readonly salt: string;
}

/** Return the kept folders in the order of their numbers; rejects where the browser does not let us look. Makes no database. */
export async function keptFolders(): Promise<readonly Numbered[]> {
  if (!(await databaseExists())) return [];
  return withDatabase(async (database) => {
    const work = database.transaction("folders").store;
    const [numbers, folders] = await Promise.all([work.getAllKeys(), work.getAll()]);
    return numbers.map((number, place) => ({ number, salt: saltOf(folders[place]) }));
  });
}

/** Return a kept folder, or why it can't be opened. */
export async function readKept(folder: number): Promise<KeptLog | "newer" | "damaged" | "gone"> {
  if (!(await databaseExists())) return "gone";
  return withDatabase(async (database) => {
    const kept = await database.get("folders", folder);
    return kept === undefined ? "gone" : readKeptLog(kept);
  });
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
    const before = readKeptLog(await work.objectStore("folders").get(folder));
    if (typeof before === "string" || before.revision !== onto || saltOf(before) !== saltOf(kept))
      throw new StoreError("elsewhere");
    await putAll(work, folder, kept, pictures);
  });
}

/** Erase one folder and its pictures, if it is still the one of this salt; with the last one the database goes too. */
export async function eraseKept({ number, salt }: Numbered): Promise<void> {
  if (!(await databaseExists())) return;
  await alone(async () => {
    const left = await inOne(async (work) => {
      const before = await work.objectStore("folders").get(number);
      if (before === undefined || saltOf(before) === salt) await deleteAll(work, number);
      return work.objectStore("folders").count();
    });
    if (left === 0) await deleteDatabase();
  });
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

/** Do this in one transaction, and never between another window's look at the last folder and its erasing; throws StoreError. */
async function written<Result>(change: (work: Work) => Promise<Result>): Promise<Result> {
  return alone(() => inOne(change));
}

/** Do this while no other window changes anything; browsers without locks (before 2022) do it all the same. */
async function alone<Result>(work: () => Promise<Result>): Promise<Result> {
  return "locks" in navigator ? navigator.locks.request(DATABASE, work) : work();
}

/** Do this in one transaction, whole or not at all; throws StoreError. */
async function inOne<Result>(change: (work: Work) => Promise<Result>): Promise<Result> {
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
  await alone(deleteDatabase);
}

async function deleteDatabase(): Promise<void> {
  await inTime(deleteDB(DATABASE), () => undefined);
}

/** Return what comes in time, and leave what comes later to `late`; throws StoreError where nothing came. */
function inTime<Result>(coming: Promise<Result>, late: (result: Result) => void): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new StoreError("blocked"));
      coming.then(late, () => undefined);
    }, PATIENCE_MILLISECONDS);
    coming.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

async function withDatabase<Result>(work: (database: IDBPDatabase<Schema>) => Promise<Result>): Promise<Result> {
  const database = await inTime(opened(), (late) => late.close());
  try {
    return await work(database);
  } finally {
    database.close();
  }
}

async function opened(): Promise<IDBPDatabase<Schema>> {
  try {
    return await openDB<Schema>(DATABASE, VERSION, {
      upgrade: (made, before, _, work) => {
        upgrade(made, before, work).catch(() => {
          abort(work); // nothing is changed, and opening fails
        });
      },
    });
  } catch (error) {
    throw error instanceof DOMException && error.name === "VersionError" ? new StoreError("newer") : error;
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
