// SPDX-License-Identifier: Apache-2.0
/*
 * Reads content/directory/opening.yaml: weeks of opening hours as minutes since Monday 00:00 in the service's time zone.
 *
 * An entry is bound to the very words that it was read from: where the service's row says something else by now, the build
 * stops, because "open now" in front of a closed line costs somebody their courage.
 */

import { list, nullable, row, text } from "../content/rows";

export interface Opening {
  /** Null where it is open day and night. */
  readonly zone: string | null;
  /** `[from, to)` in minutes since Monday 00:00, as `540-1080,1980-2520`. */
  readonly week: string;
  readonly isClosedOnHolidays: boolean;
  /** True where it says when the phone is answered, in a text that also speaks of other ways. */
  readonly isPhoneOnly: boolean;
}

/** What an opening is bound to: `hours`, `chat_hours`, or a phone number, each with its words. */
export type Texts = ReadonlyMap<string, string>;

const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const DAY_MINUTES = 1440;
/** The week of what is open day and night. */
export const ALWAYS = `0-${7 * DAY_MINUTES}`;

/** Return each service's openings by what they were read from; throws where the words differ or no service has them. */
export function readOpening(document: unknown, textsOf: (service: string) => Texts): Map<string, Map<string, Opening>> {
  const found = new Map<string, Map<string, Opening>>();
  for (const one of list(document, "opening").map((entry) => row(entry, "opening"))) {
    const service = text(one["service"], "opening.service");
    const from = text(one["from"], `${service}.from`);
    if (textsOf(service).get(from) !== one["text"])
      throw new Error(`directory: opening of ${service} was read from other words than its ${from}`);
    const isAlways = one["week"] === "always";
    const own = found.get(service) ?? new Map<string, Opening>();
    if (own.has(from)) throw new Error(`directory: opening of ${service} is there twice for ${from}`);
    own.set(from, {
      zone: isAlways ? null : zoneOf(one["zone"], service),
      week: isAlways ? ALWAYS : weekOf(list(one["week"], service).map(String)),
      isClosedOnHolidays: nullable(one["holidays"]) === "closed",
      isPhoneOnly: nullable(one["part"]) === "phone",
    });
    found.set(service, own);
  }
  return found;
}

/** Return `Mon-Thu 09:00-18:00` and the like as minutes of the week. */
export function weekOf(lines: readonly string[]): string {
  return lines
    .flatMap(daysOf)
    .sort((one, other) => one[0] - other[0])
    .map((span) => span.join("-"))
    .join(",");
}

function daysOf(line: string): [number, number][] {
  const [, first = "", last = first, from = "", to = ""] =
    /^(\w{3})(?:-(\w{3}))? (\d{2}:\d{2})-(\d{2}:\d{2})$/.exec(line) ?? [];
  const [start, end] = [DAYS.indexOf(first), DAYS.indexOf(last)];
  if (start < 0 || end < start || minutes(to) <= minutes(from))
    throw new Error(`directory: "${line}" is no opening hours`);
  return DAYS.slice(start, end + 1).map((_, day) => [
    (start + day) * DAY_MINUTES + minutes(from),
    (start + day) * DAY_MINUTES + minutes(to),
  ]);
}

function minutes(clock: string): number {
  const [hours = NaN, rest = NaN] = clock.split(":").map(Number);
  if (!(hours <= 24 && rest < 60 && hours * 60 + rest <= DAY_MINUTES))
    throw new Error(`directory: "${clock}" is no time of day`);
  return hours * 60 + rest;
}

function zoneOf(value: unknown, service: string): string {
  const zone = text(value, `${service}.zone`);
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
  } catch {
    throw new Error(`directory: ${service} has no time zone ${zone}`);
  }
  return zone;
}
