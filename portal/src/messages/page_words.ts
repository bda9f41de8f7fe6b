// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the words that a page carries for its island. They are data in the page, not a script, so the same script
 * serves every language and the content-security policy needs no exception.
 */

import { translator, type Catalogue, type Translator } from "./translator";

/** Return the translator of the page's own words. */
export function pageTranslator(): Translator {
  const element = document.getElementById("words");
  const carried: unknown = JSON.parse(element?.textContent ?? "null");
  if (!isCatalogue(carried)) throw new Error("the page carries no words");
  return translator(carried);
}

function isCatalogue(value: unknown): value is Catalogue {
  return typeof value === "object" && value !== null && "locale" in value && "dates" in value && "words" in value;
}
