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

/** Return the translators of the languages that a page carries some words of beside its own. */
export function otherTranslators(): readonly Translator[] {
  return [...document.querySelectorAll("[id^=words-]")].flatMap(({ id }) => carriedBy(id) ?? []);
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
