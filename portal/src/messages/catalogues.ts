// SPDX-License-Identifier: Apache-2.0
/*
 * All languages, read from content/messages at build time. A folder there is a language here; no list names them.
 *
 * Only for pages: an island gets the words it needs from its page (Words.astro), so that no script holds a language.
 */

import type { Catalogue } from "./translator";

const files = import.meta.glob<{ readonly [key: string]: string }>("../../../content/messages/**/*.json", {
  eager: true,
  import: "default",
});

export const DEFAULT_LOCALE = "en";

const words = new Map<string, { [key: string]: string }>();
for (const [path, part] of Object.entries(files)) {
  const locale = /\/messages\/([^/]+)\//.exec(path)?.[1] ?? DEFAULT_LOCALE;
  words.set(locale, { ...words.get(locale), ...part });
}

/** Every language, the default one first. */
export const LOCALES: readonly string[] = [...words.keys()].sort((one, other) =>
  one === DEFAULT_LOCALE ? -1 : other === DEFAULT_LOCALE ? 1 : one.localeCompare(other),
);

/** Return a language's words; what is not translated yet is said in English rather than not at all. */
export function catalogue(locale: string): Catalogue {
  const all = { ...words.get(DEFAULT_LOCALE), ...words.get(locale) };
  return { locale, dates: all["locale.dates"] ?? locale, words: all };
}

/** Return only the words whose keys begin with one of the prefixes. */
export function part(whole: Catalogue, prefixes: readonly string[]): Catalogue {
  const kept = Object.entries(whole.words).filter(([key]) => prefixes.some((prefix) => key.startsWith(prefix)));
  return { ...whole, words: Object.fromEntries(kept) };
}

/** `rtl` for the scripts that are read from the right. */
export function direction(locale: string): "ltr" | "rtl" {
  const script = new Intl.Locale(locale).maximize().script ?? "";
  return ["Arab", "Hebr", "Thaa", "Syrc", "Nkoo", "Adlm"].includes(script) ? "rtl" : "ltr";
}

/** Return the address of a page in a language: `/case/`, `/fi/case/`. */
export function address(locale: string, page: string): string {
  return locale === DEFAULT_LOCALE ? page : `/${locale}${page}`;
}

/** The paths of one page in every language, for Astro. */
export function localePaths(): { params: { locale: string | undefined }; props: { locale: string } }[] {
  return LOCALES.map((locale) => ({
    params: { locale: locale === DEFAULT_LOCALE ? undefined : locale },
    props: { locale },
  }));
}
