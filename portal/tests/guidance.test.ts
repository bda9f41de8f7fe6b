// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { isShown } from "../src/guidance/answers";
import { readGuidance } from "../src/guidance/load";
import { LOCALES, readText, wordsOf, yamlUnder } from "./files";

const sources = readText("content/guidance/sources.yaml");
const plans = yamlUnder("content/situations");
const guides = readText("content/guidance/guides.yaml");
const whole = readGuidance(sources, plans, guides);
const steps = [...whole.plans.values()].flatMap((plan) => plan.steps.map((step) => ({ plan: plan.plan, ...step })));

/** The sections of the guidance that Netsafe (nz) and the Victim Supports of Finland (fi) and England and Wales (ew) stand behind. */
const BACKED: { readonly [section: string]: readonly string[] } = {
  "1.1": ["ew", "fi"],
  "1.2": ["ew", "fi", "nz"],
  "1.3": ["fi", "nz"],
  "1.4": ["ew", "fi", "nz"],
  "1.5": ["ew"],
  "1.6": ["ew", "nz"],
  "1.7": ["nz"],
  "1.8": ["ew", "fi", "nz"],
  "2.1": ["fi"],
  "2.2": ["fi"],
  "2.3": ["ew", "fi", "nz"],
  "2.4": ["nz"],
  "2.5": ["fi"],
  "2.6": ["ew", "fi", "nz"],
  "2.7": ["ew"],
  "2.9": ["ew"],
  "3.1": ["nz"],
  "3.2": ["fi"],
  "3.3": ["ew", "fi", "nz"],
  "3.4": ["ew"],
  "3.5": ["fi"],
  "4.2": ["nz"],
  "4.3": ["ew"],
  "4.4": ["fi"],
  "4.5": ["ew"],
  "4.6": ["ew"],
  "5.1": ["nz"],
  "5.2": ["nz"],
  "5.3": ["ew"],
  "5.4": ["ew", "nz"],
  "6.1": ["nz"],
  "6.2": ["nz"],
  "6.3": ["nz"],
  "6.4": ["nz"],
  "7.1": ["ew"],
  "7.2": ["ew"],
  "7.3": ["ew"],
  "7.4": ["ew"],
  "7.5": ["ew"],
  "8.1": ["ew", "nz"],
  "8.2": ["ew"],
  "8.3": ["ew"],
  "8.4": ["ew"],
  "8.6": ["ew"],
};

test.each(Object.entries(BACKED))("section %s is in a plan, with its sources", (section, backers) => {
  const named = new Set(
    steps
      .filter((step) => step.from.includes(section))
      .flatMap((step) => [...step.sources, ...[...step.countries.values()].flat()].map((source) => source.id)),
  );
  expect(backers.filter((backer) => !named.has(backer))).toEqual([]);
});

test("the plan for threats has the four steps of Victim Support Finland in their order, and safety from a partner before them", () => {
  const names = whole.plans.get("threat")?.steps.map((step) => step.step) ?? [];
  const four = ["pay", "keep", "police", "published"];
  expect(names.filter((name) => four.includes(name))).toEqual(four);
  expect(names[0]).toBe("known");
});

test.each(LOCALES)("every step and line has words in %s", (locale) => {
  const words = wordsOf(locale);
  const keys = steps.flatMap(({ words: own, countries, to }) => [
    ...["title", "why", "need", ...countries.keys()].map((part) => `plan.${own}.${part}`),
    ...(to === null ? [] : [`plan.go.${to}`]),
  ]);
  const lines = [...whole.guides.values()].flatMap(({ guide, sections }) =>
    sections.flatMap(({ section, lines: each }) =>
      ["title", ...each.map((_, place) => String(place + 1))].map((part) => `guide.${guide}.${section}.${part}`),
    ),
  );
  expect([...keys, ...lines].filter((key) => !words.get(key))).toEqual([]);
});

test("no message of a plan or guide is without its step or line", () => {
  const known = new Set(
    steps.flatMap(({ words: own, countries }) =>
      ["title", "why", "need", ...countries.keys()].map((part) => `plan.${own}.${part}`),
    ),
  );
  const lines = new Set(
    [...whole.guides.values()].flatMap(({ guide, sections }) =>
      sections.flatMap(({ section, lines: each }) =>
        ["title", ...each.map((_, place) => String(place + 1))].map((part) => `guide.${guide}.${section}.${part}`),
      ),
    ),
  );
  const stray = [...wordsOf("en").keys()].filter(
    (key) =>
      (/^plan\.(?!go\.|ask\.|marks\.)[a-z]+\.[a-z]+\./.test(key) && !known.has(key)) ||
      (/^guide\.[a-z]+\.[a-z_]+\.[0-9]+$/.test(key) && !lines.has(key)),
  );
  expect(stray).toEqual([]);
});

test("every question has words in every language, stands before a step, and can be answered as steps want it", () => {
  for (const { steps: own, questions } of whole.plans.values()) {
    for (const { ask, before, answers } of questions) {
      expect(own.map(({ step }) => step)).toContain(before);
      for (const locale of LOCALES)
        for (const key of [`plan.ask.${ask}`, ...answers.map((answer) => `plan.ask.${ask}.${answer}`)])
          expect(wordsOf(locale).get(key), key).toBeTruthy();
    }
    for (const { onlyIf } of own)
      for (const [ask, wanted] of onlyIf)
        expect(questions.find((one) => one.ask === ask)?.answers).toEqual(expect.arrayContaining([...wanted]));
  }
});

test("whoever is not sure who it is, or would rather not say, is told of her safety too", () => {
  const asked = [...whole.plans.values()].filter(({ questions }) => questions.some(({ ask }) => ask === "who"));
  expect(asked.length).toBeGreaterThan(0);
  for (const { plan, steps: own } of asked)
    expect(own.find(({ step }) => step === "known")?.onlyIf.get("who"), plan).toEqual(["known", "unsure"]);
});

test.each<[string, [string, string][], boolean]>([
  ["", [], true],
  ["who:known", [], true],
  ["who:known", [["who", "known"]], true],
  ["who:known", [["who", "stranger"]], false],
  ["who:known,unsure paid:has", [["who", "unsure"]], true],
  [
    "who:known,unsure paid:has",
    [
      ["who", "unsure"],
      ["paid", "has_not"],
    ],
    false,
  ],
])("a step for %o is shown after %o: %s", (condition, answers, isThere) => {
  expect(isShown(condition, new Map(answers))).toBe(isThere);
});

describe("the build stops at", () => {
  const one = (change: string): string => `id: a\nsources: [nz]\nsteps:\n  - {${change}}\n`;
  const good = "step: x, from: [], sources: [nz], minutes: 1";
  test.each<[string, string, RegExp]>([
    ["a source that is not there", one(good.replace("[nz]", "[xx]")), /names the source xx/],
    ["a step that takes no time", one(good.replace("minutes: 1", "minutes: 0")), /how long it takes/],
    ["a step without a name", one(good.replace("step: x, ", "")), /is not a text/],
    ["a plan without steps", "{id: a, sources: [], steps: []}", /has no steps/],
  ])("%s", (_, text, message) => {
    expect(() => readGuidance(sources, { "/a.yaml": text }, guides)).toThrow(message);
  });
  test("a source without a day of review", () => {
    expect(() => readGuidance("- {id: nz, title: x, url: null, date: null, reviewed: lately}", plans, guides)).toThrow(
      /no day of review/,
    );
  });
});
