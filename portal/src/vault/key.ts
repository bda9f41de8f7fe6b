// SPDX-License-Identifier: Apache-2.0
/*
 * The vault's key from a passphrase. Rules: spec/log.md, Vault.
 *
 * The key can't be exported and is never kept; without the passphrase nobody, also not we, can open what was sealed.
 */

import { argon2id } from "hash-wasm";
import { fromHex, toHex } from "../bytes/bytes";
import { sealingKey } from "../bytes/seal";

/** What the key was made with; kept beside the sealed log so that later versions can choose stronger values. */
export interface KeyRecipe {
  readonly name: "argon2id";
  readonly memory_kib: number;
  readonly passes: number;
  readonly lanes: number;
  /** Hex. */
  readonly salt: string;
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
  return sealingKey(Uint8Array.from(bytes));
}
