// SPDX-License-Identifier: Apache-2.0
/*
 * One open folder: the log and notices as text, and the pictures kept with them; sealed on this device, or in this window's memory only.
 *
 * What is given is always the whole: a save that fails changes nothing that was kept.
 */

import { seal, unseal, type Sealed } from "../bytes/seal";
import { keyOf, newRecipe } from "./key";
import { readKept, readPicture, StoreError, wipeKept, writeKept, type KeptLog } from "./store";

/** What a folder says of itself and its pictures, sealed together with them. */
const ABOUT_LOG = "stillmine-log 1";
const aboutPicture = (sha256: string): string => `stillmine-picture ${sha256}`;
export const FORMAT = 1;

export interface Vault {
  /** False where nothing is kept beyond this window. */
  readonly isKept: boolean;
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
    isKept: false,
    save: async (_, more) => {
      for (const [name, bytes] of more ?? []) kept.set(name, bytes);
    },
    picture: async (sha256) => kept.get(sha256) ?? null,
    wipe: async () => kept.clear(),
  };
}

/** Make a kept folder of `text` and pictures, whole or not at all; throws StoreError where there is one already or nothing can be kept. */
export async function createVault(passphrase: string, text: string, pictures: Pictures): Promise<Vault> {
  const recipe = newRecipe();
  const key = await keyOf(passphrase, recipe);
  const kept: KeptLog = { format: FORMAT, recipe, revision: 0, sealed: await seal(key, encoded(text), ABOUT_LOG) };
  await writeKept(kept, null, await sealedPictures(key, pictures));
  return opened(key, kept);
}

export type Opening =
  { readonly vault: Vault; readonly text: string } | { readonly problem: "passphrase" | "newer" | "gone" };

/** Open the kept folder. A wrong passphrase changes nothing, nor does a folder that a newer version made. */
export async function openVault(passphrase: string): Promise<Opening> {
  const kept = await readKept();
  if (kept === null) return { problem: "gone" };
  if (kept.format > FORMAT) return { problem: "newer" };
  const key = await keyOf(passphrase, kept.recipe);
  const bytes = await unseal(key, kept.sealed, ABOUT_LOG);
  if (bytes === null) return { problem: "passphrase" };
  return { vault: opened(key, kept), text: new TextDecoder().decode(bytes) };
}

function opened(key: CryptoKey, first: KeptLog): Vault {
  let { revision } = first;
  return {
    isKept: true,
    save: async (text, pictures = new Map()) => {
      const sealed = await seal(key, encoded(text), ABOUT_LOG);
      await writeKept({ ...first, revision: revision + 1, sealed }, revision, await sealedPictures(key, pictures));
      revision += 1;
    },
    picture: async (sha256) => {
      const sealed = await readPicture(sha256);
      return sealed === null ? null : unseal(key, sealed, aboutPicture(sha256));
    },
    wipe: wipeKept,
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
