// SPDX-License-Identifier: Apache-2.0
/* A sealed folder as the database keeps it, and its reading: what a browser gives back may be damaged, or of a newer version. */

import type { Sealed } from "../bytes/seal";
import type { KeyRecipe } from "./key";

export const FORMAT = 1;
/** More than a phone has for a page; no recipe of ours ever asked for as much. */
const MOST_MEMORY_KIB = 1_048_576;

/** A sealed folder as it is kept. */
export interface KeptLog {
  readonly format: number;
  readonly recipe: KeyRecipe;
  /** Counts saves, so that a second window can't overwrite the first one's. */
  readonly revision: number;
  readonly sealed: Sealed;
}

/** Return what is kept where it can be opened; a newer version's is told by its format alone. */
export function readKeptLog(kept: unknown): KeptLog | "newer" | "damaged" {
  const { format, recipe, revision, sealed } = fieldsOf(kept);
  if (typeof format !== "number") return "damaged";
  if (format > FORMAT) return "newer";
  return typeof revision === "number" && isRecipe(recipe) && isSealed(sealed)
    ? { format, recipe, revision, sealed }
    : "damaged";
}

/** Return the salt of what is kept, which no other folder has; "" where it is damaged. */
export function saltOf(kept: unknown): string {
  const { salt } = fieldsOf(fieldsOf(kept)["recipe"]);
  return typeof salt === "string" ? salt : "";
}

function isRecipe(value: unknown): value is KeyRecipe {
  const { name, memory_kib: memory, passes, lanes, salt } = fieldsOf(value);
  const isNumbers = [memory, passes, lanes].every((one) => Number.isSafeInteger(one) && Number(one) > 0);
  const isSalt = typeof salt === "string" && /^(?:[0-9a-f]{2}){8,64}$/.test(salt);
  return name === "argon2id" && isNumbers && Number(memory) <= MOST_MEMORY_KIB && isSalt;
}

function isSealed(value: unknown): value is Sealed {
  const { nonce, bytes } = fieldsOf(value);
  return nonce instanceof Uint8Array && bytes instanceof Uint8Array;
}

function fieldsOf(value: unknown): { readonly [name: string]: unknown } {
  return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}
