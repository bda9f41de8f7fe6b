// SPDX-License-Identifier: Apache-2.0
/*
 * The countries that pages offer, read once per build from content/countries: a file there is a country here, and no list in code names
 * one. What a country lacks it says in its file, and `make check-content` names the rest; nothing is filled in here.
 */

import { parse } from "yaml";
import { list, nullable, row, text, type Row } from "./rows";

export interface Country {
  readonly id: string;
  /** Its place among countries on the help pages, and on plans. */
  readonly place: { readonly help: number; readonly plans: number };
  /** The country of several that it belongs to, `eu`. */
  readonly partOf: string | null;
  /** Codes of its parts, `gb-wls`, where a person is asked which one. */
  readonly parts: readonly string[];
  /** Ids of services by the list that shows them. */
  readonly services: ReadonlyMap<string, readonly string[]>;
}

/** Return the countries of these files, in the order of plans; throws where a file is not as it should be. */
export function readCountries(files: { readonly [path: string]: string }): readonly Country[] {
  return Object.entries(files)
    .map(([path, content]) => country(row(parse(content), path)))
    .sort((one, other) => one.place.plans - other.place.plans);
}

/** Return the services of all countries by list, country after country. */
export function listsOf(countries: readonly Country[]): ReadonlyMap<string, readonly string[]> {
  const names = new Set(countries.flatMap((one) => [...one.services.keys()]));
  return new Map([...names].map((name) => [name, countries.flatMap((one) => one.services.get(name) ?? [])]));
}

function country(entry: Row): Country {
  const id = text(entry["id"], "id of a country");
  const place = row(entry["place"], `${id}.place`);
  const services = Object.entries(row(entry["services"], `${id}.services`));
  return {
    id,
    place: { help: placeOf(place["help"], id), plans: placeOf(place["plans"], id) },
    partOf: nullable(entry["part_of"]),
    parts: list(entry["parts"] ?? [], `${id}.parts`).map(String),
    services: new Map(services.map(([name, ids]) => [name, list(ids, `${id}.${name}`).map(String)])),
  };
}

function placeOf(value: unknown, id: string): number {
  if (typeof value !== "number") throw new Error(`countries: ${id} has no place`);
  return value;
}

const files = import.meta.glob<string>("../../../content/countries/*.yaml", {
  eager: true,
  query: "?raw",
  import: "default",
});

/** All countries, in the order of plans. */
export const countries: readonly Country[] = readCountries(files);
/** The codes of all countries in the order of plans and of the start page. */
export const COUNTRIES: readonly string[] = countries.map(({ id }) => id);
/** The same in the order of the help pages. */
export const HELP_COUNTRIES: readonly string[] = [...countries]
  .sort((one, other) => one.place.help - other.place.help)
  .map(({ id }) => id);
/** Where a person may be, in the order of plans: countries, and the parts of those that have parts. */
export const PLACES_TO_CHOOSE: readonly string[] = countries.flatMap(({ id, parts }) =>
  parts.length > 0 ? parts : [id],
);
/** These, and the countries with parts as a whole, which pages by country are for. */
export const EVERY_PLACE: readonly string[] = [...new Set([...PLACES_TO_CHOOSE, ...COUNTRIES])];
/** The country of services that work anywhere. */
export const ANYWHERE = "global";
