// SPDX-License-Identifier: Apache-2.0
/*
 * The vault's key from a passphrase, and sealing with it. Rules: spec/log.md, Vault.
 *
 * The key can't be exported and is never kept; without the passphrase nobody, also not we, can open what was sealed.
 */

import { argon2id } from "hash-wasm";
import { fromHex, toHex } from "../bytes/bytes";

/** What the key was made with; kept beside the sealed log so that later versions can choose stronger values. */
export interface KeyRecipe {
  readonly name: "argon2id";
  readonly memory_kib: number;
  readonly passes: number;
  readonly lanes: number;
  /** Hex. */
  readonly salt: string;
}

export interface Sealed {
  readonly nonce: Uint8Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export const MINIMUM_PASSPHRASE_CHARACTERS = 12;

/** A recipe of today with a salt of its own. */
export function newRecipe(): KeyRecipe {
  const salt = toHex(crypto.getRandomValues(new Uint8Array(16)));
  return { name: "argon2id", memory_kib: 32_768, passes: 3, lanes: 1, salt };
}

/** Return the key of a passphrase; takes about a second on an old phone. */
export async function keyOf(passphrase: string, recipe: KeyRecipe): Promise<CryptoKey> {
  const salt = fromHex(recipe.salt);
  const bytes = await argon2id({
    password: passphrase.normalize("NFKC"),
    salt,
    memorySize: recipe.memory_kib,
    iterations: recipe.passes,
    parallelism: recipe.lanes,
    hashLength: 32,
    outputType: "binary",
  });
  return crypto.subtle.importKey("raw", Uint8Array.from(bytes), "AES-GCM", false, ["encrypt", "decrypt"]);
}

/** Return bytes sealed under a fresh nonce; `about` has to be the same when they are opened. */
export async function seal(key: CryptoKey, bytes: Uint8Array<ArrayBuffer>, about: string): Promise<Sealed> {
  const nonce = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv: nonce, additionalData: new TextEncoder().encode(about) },
    key,
    bytes,
  );
  return { nonce, bytes: new Uint8Array(sealed) };
}

/** Return what was sealed; null where the key is another, or the bytes were changed. */
export async function unseal(
  key: CryptoKey,
  { nonce, bytes }: Sealed,
  about: string,
): Promise<Uint8Array<ArrayBuffer> | null> {
  try {
    return new Uint8Array(
      await crypto.subtle.decrypt(
        { name: "AES-GCM", iv: nonce, additionalData: new TextEncoder().encode(about) },
        key,
        bytes,
      ),
    );
  } catch {
    return null;
  }
}
