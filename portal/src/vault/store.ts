// SPDX-License-Identifier: Apache-2.0
/*
 * The database of the sealed log on this device. Holds nothing in clear but how the key is made and how often it was saved.
 *
 * Made only when the person chose to keep the log here.
 */

import { deleteDB, openDB, type DBSchema, type IDBPDatabase } from "idb";
import type { Sealed } from "../bytes/seal";
import type { KeyRecipe } from "./key";

export const DATABASE = "stillmine-log";

/** The sealed log as it is kept. */
export interface KeptLog {
  readonly format: number;
  readonly recipe: KeyRecipe;
  /** Counts saves, so that a second window can't overwrite the first one's. */
  readonly revision: number;
  readonly sealed: Sealed;
}

interface Schema extends DBSchema {
  log: { key: "log"; value: KeptLog };
  pictures: { key: string; value: Sealed };
}

/** Why something could not be kept: another window saved meanwhile, no room, or the browser keeps nothing. */
export type StoreProblem = "elsewhere" | "full" | "refused";

export class StoreError extends Error {
  constructor(readonly problem: StoreProblem) {
    super(problem);
  }
}

/** Whether a log is kept here; rejects where the browser does not let us look. Makes no database. */
export async function hasKept(): Promise<boolean> {
  return (await readKept()) !== null;
}

/** Return the kept log; null where there is none. */
export async function readKept(): Promise<KeptLog | null> {
  if (!(await databaseExists())) return null;
  return withDatabase(async (database) => (await database.get("log", "log")) ?? null);
}

/** Keep a log, and pictures with it, in one step; throws StoreError where the kept one is not `onto`. */
export async function writeKept(
  kept: KeptLog,
  onto: number | null,
  pictures: ReadonlyMap<string, Sealed>,
): Promise<void> {
  try {
    await withDatabase(async (database) => {
      const work = database.transaction(["log", "pictures"], "readwrite", { durability: "strict" });
      work.done.catch(() => undefined); // what went wrong is thrown below
      try {
        const before = await work.objectStore("log").get("log");
        if ((before?.revision ?? null) !== onto) throw new StoreError("elsewhere");
        for (const [name, sealed] of pictures) await work.objectStore("pictures").put(sealed, name);
        await work.objectStore("log").put(kept, "log");
      } catch (error) {
        abort(work); // else what was put before would be kept
        throw error;
      }
      await work.done;
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

/** Return a kept picture; null where there is none of this name. */
export async function readPicture(name: string): Promise<Sealed | null> {
  return withDatabase(async (database) => (await database.get("pictures", name)) ?? null);
}

/** Erase the database and all in it. */
export async function wipeKept(): Promise<void> {
  await deleteDB(DATABASE);
}

async function withDatabase<Result>(work: (database: IDBPDatabase<Schema>) => Promise<Result>): Promise<Result> {
  const database = await openDB<Schema>(DATABASE, 1, {
    upgrade(made) {
      made.createObjectStore("log");
      made.createObjectStore("pictures");
    },
  });
  try {
    return await work(database);
  } finally {
    database.close();
  }
}

/** Whether the database is there, without making it. */
async function databaseExists(): Promise<boolean> {
  if ("databases" in indexedDB) return (await indexedDB.databases()).some(({ name }) => name === DATABASE);
  let isNew = false;
  try {
    const database = await openDB(DATABASE, 1, {
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
