// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the words that a page carries for its island. They are data in the page, not a script, so the same script
 * serves every language and the content-security policy needs no exception.
 */

import { translator, type Catalogue, type Translator } from "./translator";

/** Return the translator of the page's own words. */
export function pageTranslator(): Translator {
  return carriedBy("words") ?? missingWords();
}

/** Return the translator of the English words that a page in another language carries beside its own; null where there are none. */
export function englishTranslator(): Translator | null {
  return carriedBy("english-words");
}

function carriedBy(id: string): Translator | null {
  const carried: unknown = JSON.parse(document.getElementById(id)?.textContent ?? "null");
  return isCatalogue(carried) ? translator(carried) : null;
}

function missingWords(): never {
  throw new Error("the page carries no words");
}

function isCatalogue(value: unknown): value is Catalogue {
  return typeof value === "object" && value !== null && "locale" in value && "dates" in value && "words" in value;
}
