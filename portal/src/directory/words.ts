// SPDX-License-Identifier: Apache-2.0
/* Words around facts: names of regions, sentences made of a service's own words. */

import { translator, type Catalogue } from "../messages/translator";

/** Return the names of regions as a list in the language: `England and Wales`. */
export function regionNames(words: Catalogue, regions: readonly string[]): string {
  const { t } = translator(words);
  return new Intl.ListFormat(words.locale, { type: "conjunction" }).format(regions.map((code) => t(`region.${code}`)));
}

/** Return a text as a sentence: a capital letter and a full stop. */
export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
}
