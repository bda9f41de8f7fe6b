// SPDX-License-Identifier: Apache-2.0
/*
 * Reads content/situations and content/guidance at build time: the plan of each situation, the guides, and where both are from.
 *
 * Stops the build at a source that is not there, a review without a day and a step that nobody could follow. A step or
 * line without a source is our own advice; pages say so.
 */

import { parse } from "yaml";
import { list, nullable, reviewedOf, row, text, type Row } from "../content/rows";

export interface GuidanceSource {
  readonly id: string;
  readonly title: string;
  readonly url: string | null;
  readonly date: string | null;
  readonly reviewed: string;
}

export interface Step {
  readonly step: string;
  /** Sections of the guidance that it was written from, `2.1`. */
  readonly from: readonly string[];
  readonly sources: readonly GuidanceSource[];
  readonly minutes: number;
  /** There is nothing to do but to read it: nothing to mark, nothing to skip. */
  readonly isToRead: boolean;
  /** The page that helps with it, without slashes. */
  readonly to: string | null;
  /** What the link to `to` says of the content, behind the `#`: a circumstance of a notice. */
  readonly says: string | null;
  /** The countries that have a line of their own, with its sources. */
  readonly countries: ReadonlyMap<string, readonly GuidanceSource[]>;
  /** The only countries it is for; empty for all. */
  readonly only: readonly string[];
  /** Ids of services by country, `all` for everywhere. */
  readonly services: ReadonlyMap<string, readonly string[]>;
  /** A list that every country fills, shown with the step; null for none. */
  readonly list: string | null;
  /** The plan and step whose words it has, `shared.search`. */
  readonly words: string;
  /** The answers for which it is shown, by question; whoever leaves a question open sees it. */
  readonly onlyIf: ReadonlyMap<string, readonly string[]>;
}

export interface Question {
  readonly ask: string;
  /** The step that it stands before. */
  readonly before: string;
  readonly answers: readonly string[];
  /** The page that an answer leads to, without slashes. */
  readonly to: ReadonlyMap<string, string>;
  /** The answers after which it is asked, by question; whoever leaves those open is asked. */
  readonly onlyIf: ReadonlyMap<string, readonly string[]>;
}

export interface Plan {
  readonly plan: string;
  /** Its place among the choices of the start page; null where it is not offered there. */
  readonly start: number | null;
  /** The places of its sentences on the page for someone without the right word. */
  readonly notSure: readonly number[];
  /** The page that leads to it, without slashes: its choice on the start page and its way back lead there. Null for the start page itself. */
  readonly door: string | null;
  /** The lists whose numbers stand above its steps; none where the usual ones do. */
  readonly numbers: readonly string[];
  readonly sources: readonly GuidanceSource[];
  readonly seeAlso: string | null;
  /** It is about a picture of the person who reads. */
  readonly isOfMine: boolean;
  /** It is something to do for a feeling: nothing to prepare, no times, and one note on where it is from. */
  readonly isExercise: boolean;
  readonly questions: readonly Question[];
  readonly steps: readonly Step[];
}

export interface Section {
  readonly section: string;
  /** The sources of each line; none where it is our own advice. */
  readonly lines: readonly (readonly GuidanceSource[])[];
  readonly to: string | null;
  /** The list of the directory whose numbers stand with it. */
  readonly numbers: string | null;
  /** The only countries it is for; empty for all. */
  readonly only: readonly string[];
}

export interface Guide {
  readonly guide: string;
  readonly sections: readonly Section[];
}

export interface Guidance {
  readonly sources: ReadonlyMap<string, GuidanceSource>;
  readonly plans: ReadonlyMap<string, Plan>;
  readonly guides: ReadonlyMap<string, Guide>;
}

/** Return everything in these files; throws, naming the place, where something is missing or unknown. */
export function readGuidance(
  sourcesText: string,
  situations: { readonly [path: string]: string },
  guidesText: string,
): Guidance {
  const sources = new Map(
    list(parse(sourcesText), "sources")
      .map((one) => source(row(one, "sources")))
      .map((one) => [one.id, one]),
  );
  const known = (ids: unknown, place: string): readonly GuidanceSource[] =>
    list(ids ?? [], place).map((id) => {
      const found = sources.get(String(id));
      if (!found) throw new Error(`guidance: ${place} names the source ${String(id)}, which is not there`);
      return found;
    });
  const plans = new Map(
    Object.entries(situations)
      .map(([path, content]) => plan(row(parse(content), path), known))
      .map((one) => [one.plan, one]),
  );
  const guides = new Map(
    Object.entries(row(parse(guidesText), "guides")).map(([name, value]) => [
      name,
      guide(name, list(value, name), known),
    ]),
  );
  return { sources, plans, guides };
}

type Known = (ids: unknown, place: string) => readonly GuidanceSource[];

function source(one: Row): GuidanceSource {
  const id = text(one["id"], "id of a source");
  return {
    id,
    title: text(one["title"], `${id}.title`),
    url: nullable(one["url"]),
    date: nullable(one["date"]),
    reviewed: reviewedOf(one, id),
  };
}

function plan(entry: Row, known: Known): Plan {
  const name = text(entry["id"], "id of a situation");
  const steps = list(entry["steps"], name).map((one) => step(name, row(one, name), known));
  if (steps.length === 0) throw new Error(`guidance: ${name} has no steps`);
  const start = entry["start"];
  return {
    plan: name,
    start: typeof start === "number" ? start : null,
    notSure: list(entry["not_sure"] ?? [], name).map(Number),
    door: nullable(entry["door"]),
    numbers: list(entry["numbers"] ?? [], name).map(String),
    sources: known(entry["sources"], name),
    seeAlso: nullable(entry["see_also"]),
    isOfMine: entry["group"] === "mine",
    isExercise: entry["group"] === "feelings",
    questions: list(entry["questions"] ?? [], name).map((one) => question(name, row(one, name))),
    steps,
  };
}

function step(name: string, entry: Row, known: Known): Step {
  const place = `${name}.${text(entry["step"], name)}`;
  const minutes = entry["minutes"];
  if (typeof minutes !== "number" || minutes < 1) throw new Error(`guidance: ${place} does not say how long it takes`);
  const byCountry = Object.entries(row(entry["countries"] ?? {}, place));
  return {
    step: text(entry["step"], place),
    from: list(entry["from"], place).map(String),
    sources: known(entry["sources"], place),
    minutes,
    isToRead: entry["read"] === true,
    to: nullable(entry["to"]),
    says: nullable(entry["says"] ?? null),
    countries: new Map(byCountry.map(([country, ids]) => [country, known(ids, `${place}.${country}`)])),
    only: list(entry["only"] ?? [], place).map(String),
    services: new Map(
      Object.entries(row(entry["services"] ?? {}, place)).map(([country, ids]) => [
        country,
        list(ids, place).map(String),
      ]),
    ),
    list: nullable(entry["list"]),
    words: nullable(entry["words"]) ?? place,
    onlyIf: answersOf(entry["if"], place),
  };
}

function question(name: string, entry: Row): Question {
  const place = `${name}.${text(entry["ask"], name)}`;
  return {
    ask: text(entry["ask"], place),
    before: text(entry["before"], place),
    answers: list(entry["answers"], place).map(String),
    to: new Map(Object.entries(row(entry["to"] ?? {}, place)).map(([answer, page]) => [answer, text(page, place)])),
    onlyIf: answersOf(entry["if"], place),
  };
}

function answersOf(value: unknown, place: string): ReadonlyMap<string, readonly string[]> {
  const byQuestion = Object.entries(row(value ?? {}, place));
  return new Map(byQuestion.map(([ask, answers]) => [ask, list(answers, place).map(String)]));
}

function guide(name: string, sections: readonly unknown[], known: Known): Guide {
  return {
    guide: name,
    sections: sections.map((one) => {
      const entry = row(one, name);
      const section = text(entry["section"], name);
      return {
        section,
        lines: list(entry["lines"], section).map((ids) => known(ids, `${name}.${section}`)),
        to: nullable(entry["to"]),
        numbers: nullable(entry["numbers"]),
        only: list(entry["only"] ?? [], section).map(String),
      };
    }),
  };
}
