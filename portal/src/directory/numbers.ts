// SPDX-License-Identifier: Apache-2.0
/* Finds in any text the numbers that the directory holds, and addresses, so that each can be touched. A number that no row holds stays text. */

import type { Service } from "./load";
import { allServices } from "./services";
import { dialled } from "./ways";

export interface Part {
  readonly text: string;
  /** `tel:`, `sms:` or `https:`; null for text between them. */
  readonly href: string | null;
}

const schemes = new Map<string, string>([
  ...numbersOf((service) => (service.sms ? [service.sms.number] : []), "sms:"),
  ...numbersOf((service) => service.phones.map((phone) => phone.number), "tel:"),
]);
/** As numbers are written in North America; a row may name one beside those that it is reached by, for a text telephone. */
const NORTH_AMERICAN = "1-\\d{3}-\\d{3}-\\d{4}";
/** Longest first, so that a number within a longer one is not taken for it; never a piece of another number, a date or a sum. */
const known = [...schemes.keys()]
  .sort((one, other) => other.length - one.length)
  .map((number) => number.replaceAll(/[+]/g, "\\+"));
const WEB = "https:";
const ADDRESS = `${WEB}//[^\\s;,()]*[^\\s;,().]`;
const NUMBERS = new RegExp(
  `${ADDRESS}|(?<![\\w+/.,-]|\\d )(?:${[...known, NORTH_AMERICAN].join("|")})(?![\\w-]|[ .,]\\d)`,
  "g",
);

function numbersOf(own: (service: Service) => readonly string[], scheme: string): readonly [string, string][] {
  return allServices()
    .flatMap(own)
    .map((number) => [number, scheme]);
}

function hrefOf(found: string): string {
  return found.startsWith(WEB) ? found : `${schemes.get(found) ?? "tel:"}${dialled(found)}`;
}

/** Return a text in parts, each address and each number of the directory a part of its own. */
export function touchable(text: string): readonly Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const { 0: number, index } of text.matchAll(NUMBERS)) {
    if (index > end) parts.push({ text: text.slice(end, index), href: null });
    parts.push({ text: number, href: hrefOf(number) });
    end = index + number.length;
  }
  return end < text.length ? [...parts, { text: text.slice(end), href: null }] : parts;
}
