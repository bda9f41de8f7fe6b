// SPDX-License-Identifier: Apache-2.0
/*
 * One open folder: the log and notices as text, and the pictures kept with them; sealed on this device, or in this window's memory only.
 *
 * What is given is always the whole: a save that fails changes nothing that was kept.
 */

import { seal, unseal, type Sealed } from "../bytes/seal";
import { keyOf, newRecipe } from "./key";
import { FORMAT, saltOf, type KeptLog } from "./kept_log";
import { addKept, eraseKept, readKept, readPicture, StoreError, writeKept } from "./store";

/** What a folder says of itself and its pictures, sealed together with them. */
const ABOUT_LOG = "stillmine-log 1";
const aboutPicture = (sha256: string): string => `stillmine-picture ${sha256}`;

export interface Vault {
  /** The number of the kept folder; null where nothing is kept beyond this window. */
  readonly number: number | null;
  /** Keep this text, and new pictures by their SHA-256; one at a time. Throws StoreError and keeps the last one otherwise. */
  save: (text: string, pictures?: Pictures) => Promise<void>;
  /** Return a kept picture; null where it is gone or was changed. */
  picture: (sha256: string) => Promise<Uint8Array<ArrayBuffer> | null>;
  /** Erase everything that this folder keeps. */
  wipe: () => Promise<void>;
}

export type Pictures = ReadonlyMap<string, Uint8Array<ArrayBuffer>>;

/** A folder in this window's memory; gone with it. */
export function memoryVault(pictures: Pictures): Vault {
  const kept = new Map(pictures);
  return {
    number: null,
    save: async (_, more) => {
      for (const [name, bytes] of more ?? []) kept.set(name, bytes);
    },
    picture: async (sha256) => kept.get(sha256) ?? null,
    wipe: async () => kept.clear(),
  };
}

/** Make a kept folder of `text` and pictures, whole or not at all; throws StoreError where nothing can be kept. */
export async function createVault(passphrase: string, text: string, pictures: Pictures): Promise<Vault> {
  const recipe = newRecipe();
  const key = await keyOf(passphrase, recipe);
  const kept: KeptLog = { format: FORMAT, recipe, revision: 0, sealed: await seal(key, encoded(text), ABOUT_LOG) };
  return opened(key, await addKept(kept, await sealedPictures(key, pictures)), kept);
}

export type Opening =
  { readonly vault: Vault; readonly text: string } | { readonly problem: "passphrase" | "newer" | "gone" | "broken" };

/** Open the kept folder of this number. A wrong passphrase changes nothing, nor does a folder that is damaged or of a newer version. */
export async function openVault(folder: number, passphrase: string): Promise<Opening> {
  const kept = await readKept(folder);
  if (typeof kept === "string") return { problem: kept === "damaged" ? "broken" : kept };
  const key = await keyOf(passphrase, kept.recipe);
  const bytes = await unseal(key, kept.sealed, ABOUT_LOG);
  if (bytes === null) return { problem: "passphrase" };
  return { vault: opened(key, folder, kept), text: new TextDecoder().decode(bytes) };
}

function opened(key: CryptoKey, folder: number, first: KeptLog): Vault {
  let { revision } = first;
  return {
    number: folder,
    save: async (text, pictures = new Map()) => {
      const sealed = await seal(key, encoded(text), ABOUT_LOG);
      const kept = { ...first, revision: revision + 1, sealed };
      await writeKept(folder, kept, revision, await sealedPictures(key, pictures));
      revision += 1;
    },
    picture: async (sha256) => {
      const sealed = await readPicture(folder, sha256);
      return sealed === null ? null : unseal(key, sealed, aboutPicture(sha256));
    },
    wipe: () => eraseKept({ number: folder, salt: saltOf(first) }),
  };
}

async function sealedPictures(key: CryptoKey, pictures: Pictures): Promise<ReadonlyMap<string, Sealed>> {
  return new Map(
    await Promise.all(
      [...pictures].map(async ([name, bytes]) => [name, await seal(key, bytes, aboutPicture(name))] as const),
    ),
  );
}

function encoded(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(text));
}

export { StoreError };
