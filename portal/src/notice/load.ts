// SPDX-License-Identifier: Apache-2.0
/*
 * Reads content/regimes and the checked platforms at build time, and stops the build at a rule that nobody could meet or a source that
 * is not there.
 */

import { parse } from "yaml";
import type { Country } from "../content/countries";
import { list, nullable, reviewedOf, row, text, type Row } from "../content/rows";
import { CIRCUMSTANCES, NOTICE_TEXTS, STATEMENTS } from "./notice";
import type { Contact, Element, Platform, Regime, Rule, Sentence } from "./regime";

/** Every field that a rule may name. */
const FIELDS: ReadonlySet<string> = new Set([...NOTICE_TEXTS, ...STATEMENTS, "role", "may_tell_author"]);

/** Instead of countries: those that no other regime names. */
const OTHERS = "others";

/**
 * Return the regimes in the order in which they are offered, each with its countries; one for a group of countries has its members too,
 * and one for others those that no regime names.
 */
export function readRegimes(
  yamls: readonly string[],
  contact: (id: string) => Contact,
  countries: readonly Country[],
): readonly Regime[] {
  const placed = yamls.map((yaml) => ({ place: placeOf(yaml), regime: readRegime(yaml, contact) }));
  const regimes = placed.sort((one, other) => one.place - other.place).map(({ regime }) => regime);
  const isOf = ({ id, partOf }: Country, regime: Regime): boolean =>
    regime.countries.includes(id) || (partOf !== null && regime.countries.includes(partOf));
  const others = countries.filter((country) => !regimes.some((regime) => isOf(country, regime)));
  return regimes.map((regime) => ({
    ...regime,
    countries: (regime.countries.length === 0 ? others : countries.filter((country) => isOf(country, regime))).map(
      ({ id }) => id,
    ),
  }));
}

/** Return a regime with the countries that its file names, none where it is for others; `contact` gives a row of the directory and throws for one that is not there. */
export function readRegime(yaml: string, contact: (id: string) => Contact): Regime {
  const entry = row(parse(yaml), "regime");
  const id = text(entry["id"], "id");
  const source = row(entry["source"], id);
  const elements = list(entry["elements"], id).map((one) => element(row(one, id), id));
  if (elements.length === 0) throw new Error(`regimes: ${id} asks for nothing`);
  return {
    id,
    countries: entry["countries"] === OTHERS ? [] : list(entry["countries"], id).map(String),
    to: entry["to"] === "regulator" ? "regulator" : "platform",
    clock: entry["clock"] === null ? null : clock(row(entry["clock"], id), id),
    unverified: list(entry["unverified"], id).map(String),
    elements,
    sentences: sentences(entry, id),
    text: list(entry["text"], id).map(String),
    data: dataOf(entry["data"], id),
    escalation: list(entry["escalation"], id).map((one) => reachable(contact(String(one)), id)),
    source: {
      title: text(source["title"], id),
      url: nullable(source["url"]),
      date: nullable(source["date"]),
      reviewed: reviewedOf(source, id),
    },
  };
}

/** Return the platforms, each with its address and the way within its app, which were checked. */
export function readPlatforms(yaml: string): readonly Platform[] {
  return list(parse(yaml), "platforms").map((one) => {
    const entry = row(one, "platforms");
    const id = text(entry["id"], "platforms");
    const shown = row(entry["shown"], id);
    const checked = (field: string): string | null => {
      if (shown[field] === undefined) return null;
      const { value, confidence } = row(shown[field], field);
      if (confidence !== "seed" && confidence !== "sourced") throw new Error(`platforms: ${id} was not checked`);
      return text(value, field);
    };
    return {
      id,
      name: text(entry["name"], id),
      report_url: checked("report_url"),
      in_app_path: checked("in_app_path"),
    };
  });
}

/** Nobody is sent to a name alone: whoever is named next has a number or an address. */
function reachable(found: Contact, regime: string): Contact {
  if (found.phones.length === 0 && found.url === null)
    throw new Error(`regimes: ${regime} names ${found.id} as the next step, which has no number and no address`);
  return found;
}

function placeOf(yaml: string): number {
  const { id, place } = row(parse(yaml), "regime");
  if (typeof place !== "number") throw new Error(`regimes: ${String(id)} has no place in the order`);
  return place;
}

function element(entry: Row, regime: string): Element {
  const name = text(entry["element"], regime);
  const rule = row(entry["rule"], `${regime}.${name}`);
  const fields = (key: string): readonly string[] =>
    list(rule[key] ?? [], `${regime}.${name}`).map((field) => known(String(field), `${regime}.${name}`));
  const read: Rule = {
    all: fields("all"),
    any: fields("any"),
    addresses: rule["addresses"] === true,
    unless: typeof rule["unless"] === "string" ? known(rule["unless"], name) : null,
  };
  if (read.all.length + read.any.length === 0 && !read.addresses)
    throw new Error(`regimes: ${regime}.${name} asks for nothing`);
  return { element: name, rule: read };
}

/** Each circumstance is spoken of by a law, or the file says why not: nothing is left out by chance. */
function sentences(entry: Row, regime: string): readonly Sentence[] {
  const read = list(entry["sentences"], regime).map((one): Sentence => {
    const { when, law, only } = row(one, `${regime}.sentences`);
    const known = [...CIRCUMSTANCES, "is_real" as const].find((name) => name === when);
    if (known === undefined)
      throw new Error(`regimes: ${regime} has a sentence for ${String(when)}, which nobody can tick`);
    return { when: known, law: text(law, regime), only: nullable(only ?? null) };
  });
  const without = row(entry["without"], `${regime}.without`);
  for (const name of CIRCUMSTANCES) {
    const isSaid = read.some(({ when, only }) => when === name && only === null);
    if (isSaid === (typeof without[name] === "string"))
      throw new Error(`regimes: ${regime} needs a sentence for ${name}, or the reason under without, and not both`);
  }
  return read;
}

function dataOf(named: unknown, regime: string): Regime["data"] {
  if (named === undefined) return null;
  if (named !== "article_16")
    throw new Error(`regimes: ${regime} names a form of data that nobody makes: ${JSON.stringify(named)}`);
  return named;
}

function clock(entry: Row, regime: string): NonNullable<Regime["clock"]> {
  const { hours, starts } = entry;
  if (typeof hours !== "number" || (starts !== "sent" && starts !== "regulator_notice"))
    throw new Error(`regimes: ${regime} has no clock that runs`);
  return { hours, starts, for: entry["for"] === "passing_on" ? "passing_on" : "removal" };
}

function known(field: string, place: string): string {
  if (!FIELDS.has(field)) throw new Error(`regimes: ${place} names the field ${field}, which is not there`);
  return field;
}
