// SPDX-License-Identifier: Apache-2.0
/*
 * Turns message keys into words, in pages at build time and in islands on the device.
 *
 * Every word a person reads comes through here, so that a language is added by adding files. Values are put in as text,
 * never as markup. Dates are written by the browser for the language.
 */

import type { MessageKey, PluralKey } from "./keys";

/** The words of one language, or those a page needs. */
export interface Catalogue {
  readonly locale: string;
  /** The language tag for dates, e.g. `en-GB`. */
  readonly dates: string;
  readonly words: { readonly [key: string]: string };
}

export type Values = { readonly [name: string]: string | number };

export interface Translator {
  readonly locale: string;
  /** Return the words of a key with `{names}` filled in; throws where the key has no words. */
  t: (key: MessageKey, values?: Values) => string;
  /** As `t`, for `key.one`, `key.other` and so on by the language's own rules; `{count}` is filled in. */
  plural: (key: PluralKey, count: number, values?: Values) => string;
  /** `22 November`, with the year where it is not the year of `now`. */
  date: (moment: Date, now: Date) => string;
  /** `14:05`. */
  time: (moment: Date) => string;
}

/** Return the translator of a catalogue. */
export function translator(catalogue: Catalogue): Translator {
  const rules = new Intl.PluralRules(catalogue.locale);
  const clock = new Intl.DateTimeFormat(catalogue.dates, { hour: "2-digit", minute: "2-digit" });
  const day = new Intl.DateTimeFormat(catalogue.dates, { day: "numeric", month: "long" });
  const dayOfYear = new Intl.DateTimeFormat(catalogue.dates, { day: "numeric", month: "long", year: "numeric" });
  const words = (key: string, values: Values): string => {
    const text = catalogue.words[key];
    if (text === undefined) throw new Error(`no words for ${key}`);
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
  };
  return {
    locale: catalogue.locale,
    t: (key, values = {}) => words(key, values),
    plural: (key, count, values = {}) => {
      const pluralKey = `${key}.${rules.select(count)}`;
      return words(pluralKey in catalogue.words ? pluralKey : `${key}.other`, { count, ...values });
    },
    date: (moment, now) => (moment.getFullYear() === now.getFullYear() ? day : dayOfYear).format(moment),
    time: (moment) => clock.format(moment),
  };
}

/** Return the key of a place's name: of a country, or of a part of one. */
export function placeKey(place: string): MessageKey {
  return place.includes("-") ? `region.${place}` : `country.${place}`;
}
