// SPDX-License-Identifier: Apache-2.0
/*
 * A service's own words in the language of a page: content/directory/<language>.json, from the English of the facts.
 *
 * Names, numbers and addresses are never translated; where a service has its own for the language of its country, pages in it show those.
 * Where one text of a service has no words in the language, all of it stays English.
 */

import { DEFAULT_LOCALE } from "../messages/catalogues";
import type { Service } from "./load";

const files = import.meta.glob<{ readonly [english: string]: string }>("../../../content/directory/*.json", {
  eager: true,
  import: "default",
});

export interface Said {
  readonly service: Service;
  /** The language that the service's own words are in. */
  readonly language: string;
}

/** Whether the language is the first one of a country, and not that of the rows, which have its names already. */
export function isAtHome(locale: string, { country }: Service): boolean {
  if (locale === DEFAULT_LOCALE || !/^[a-z]{2}$/.test(country)) return false;
  return new Intl.Locale(`und-${country.toUpperCase()}`).maximize().language === locale;
}

/** Return a service under the name and address that it has for those who speak its language. */
export function namedIn(locale: string, service: Service): Service {
  if (!isAtHome(locale, service)) return service;
  return {
    ...service,
    name: service.localName ?? service.name,
    localName: null,
    url: service.localUrl ?? service.url,
    chatUrl: service.chatUrl === service.url ? (service.localUrl ?? service.url) : service.chatUrl,
  };
}

/** Return a service as it is said in a language. */
export function saidIn(locale: string, original: Service): Said {
  const service = namedIn(locale, original);
  const words = Object.entries(files).find(([path]) => path.endsWith(`/${locale}.json`))?.[1];
  if (locale === DEFAULT_LOCALE || !words || ownTexts(service).some((text) => words[text] === undefined)) {
    return {
      service: { ...service, languages: service.languages.map((one) => languageName(DEFAULT_LOCALE, one)) },
      language: DEFAULT_LOCALE,
    };
  }
  const say = (text: string): string => words[text] ?? text;
  const maybe = (text: string | null): string | null => (text === null ? null : say(text));
  return {
    language: locale,
    service: {
      ...service,
      canDo: service.canDo.map(say),
      phones: service.phones.map((phone) => ({ ...phone, note: maybe(phone.note) })),
      sms: service.sms === null ? null : { ...service.sms, note: maybe(service.sms.note) },
      hours: maybe(service.hours),
      chatHours: maybe(service.chatHours),
      languages: service.languages.map((one) => (isCode(one) ? languageName(locale, one) : say(one))),
      cost: maybe(service.cost),
      confidentiality: maybe(service.confidentiality),
      accessibility: maybe(service.accessibility),
    },
  };
}

/** A table names a language by its code or in words. */
function isCode(language: string): boolean {
  return /^[a-z]{2}$/.test(language);
}

function languageName(locale: string, language: string): string {
  return isCode(language) ? (new Intl.DisplayNames(locale, { type: "language" }).of(language) ?? language) : language;
}

/** Return every text of a service that a person reads as its own words. */
export function ownTexts(service: Service): readonly string[] {
  const { canDo, phones, sms, hours, chatHours, languages, cost, confidentiality, accessibility } = service;
  const notes = [...phones.map((phone) => phone.note), sms?.note ?? null];
  return [
    ...canDo,
    ...languages.filter((one) => !isCode(one)),
    ...[...notes, hours, chatHours, cost, confidentiality, accessibility].filter((text) => text !== null),
  ];
}
