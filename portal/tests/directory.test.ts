// SPDX-License-Identifier: Apache-2.0
import { parse, stringify } from "yaml";
import { describe, expect, test } from "vitest";
import { readFacts } from "../src/directory/facts";
import { listsOf, readCountries } from "../src/content/countries";
import { readDirectory } from "../src/directory/load";
import { filesUnder, readText, wordsOf, yamlUnder } from "./files";

const real = yamlUnder("content/directory");
const ofCountries = listsOf(readCountries(yamlUnder("content/countries")));

/** A directory of one service, with changes; made anew for each test. */
function changed(change: (service: Record<string, unknown>) => void, page = "one: [x-one]"): Record<string, string> {
  const service: Record<string, unknown> = {
    id: "x-one",
    name: "Example Line",
    country: "nz",
    kind: "police",
    audience: "all",
    regions: [],
    confidence: "seed",
    reviewed: "2026-11-22",
    shown: { phone: { value: [{ number: "1", note: null }], confidence: "sourced" } },
    source: [{ title: "Example", url: null, date: null }],
  };
  change(service);
  return { "/nz.yaml": stringify([service]), "/pages.yaml": page };
}

test("the project's own directory is whole", () => {
  const { services, lists } = readDirectory(real, ofCountries);
  for (const list of [
    "danger",
    "relay",
    "similar",
    "talk",
    "crisis",
    "partner",
    "police",
    "under_18",
    "under_18_first",
    "family",
  ])
    expect(lists.get(list)?.length).toBeGreaterThan(0);
  expect(lists.get("danger")?.every((service) => service.phones.length > 0)).toBe(true);
  expect(services.size).toBeGreaterThan(70);
  for (const service of services.values()) expect(service.source.length).toBeGreaterThan(0);
});

test("a list of countries is filled country after country, and a service that is not there stops the build", () => {
  const country = (id: string, plans: number, danger: string): string =>
    `{id: ${id}, place: {help: 1, plans: ${plans}}, services: {danger: [${danger}]}}`;
  const lists = listsOf(readCountries({ "/a.yaml": country("aa", 2, "x-two"), "/b.yaml": country("bb", 1, "x-one") }));
  expect(lists.get("danger")).toEqual(["x-one", "x-two"]);
  expect(() =>
    readDirectory(
      changed(() => undefined),
      lists,
    ),
  ).toThrow(/danger names x-two/);
  expect(() => readCountries({ "/a.yaml": "{id: aa, place: {help: 1}, services: {}}" })).toThrow(/aa has no place/);
});

test("nothing in its files is unchecked", () => {
  expect(Object.values(real).join("\n")).not.toContain("from_general_knowledge");
  expect(parse("a: 1")).toEqual({ a: 1 });
});

describe("the build stops at", () => {
  test.each<[string, Record<string, string>, RegExp]>([
    [
      "a row that was not checked",
      changed((row) => (row["confidence"] = "from_general_knowledge")),
      /x-one.confidence was not checked/,
    ],
    [
      "a field that was not checked",
      changed((row) => (row["shown"] = { sms: { value: "1", confidence: "from_general_knowledge" } })),
      /x-one.sms was not checked/,
    ],
    ["a field without a mark", changed((row) => (row["shown"] = { sms: { value: "1" } })), /x-one.sms was not checked/],
    ["a service without a source", changed((row) => (row["source"] = [])), /names no source/],
    ["a service without a day of review", changed((row) => (row["reviewed"] = "lately")), /no day of review/],
    [
      "a service without a kind, which no help page could show",
      changed((row) => (row["kind"] = "other")),
      /x-one has no kind/,
    ],
    ["a service for nobody", changed((row) => (row["audience"] = "dogs")), /x-one has no audience/],
    [
      "a number for texts that is none",
      changed((row) => (row["shown"] = { sms: { value: "HELP", confidence: "seed" } })),
      /x-one.sms is no number/,
    ],
    [
      "a service that nobody can reach",
      changed((row) => (row["shown"] = { hours: { value: "24/7", confidence: "seed" } })),
      /no way to reach x-one/,
    ],
    ["a page that names what is not there", changed(() => undefined, "one: [x-one, x-two]"), /names x-two/],
  ])("%s", (_, files, message) => {
    expect(() => readDirectory(files, new Map())).toThrow(message);
  });

  test("nothing when all is well", () => {
    expect(
      readDirectory(
        changed(() => undefined),
        new Map(),
      ).lists.get("one")?.[0]?.phones,
    ).toEqual([{ number: "1", note: null }]);
  });
});

test("what to write in a text stands beside the number", () => {
  const files = changed((row) => (row["shown"] = { sms: { value: "686868 (send CONNECT)", confidence: "seed" } }));
  expect(readDirectory(files, new Map()).services.get("x-one")?.sms).toEqual({
    number: "686868",
    note: "send CONNECT",
  });
});

test("each region that a row names has a name", () => {
  const english = wordsOf("en");
  const files = filesUnder("content", [".yaml"]).filter((path) => /^content\/(directory|laws)\//.test(path));
  const regions = files.flatMap((path) =>
    [...readText(path).matchAll(/^ {2}- ([a-z]{2}-[a-z]{2,3})$/gm)].map(([, code]) => code ?? ""),
  );
  expect(regions.length).toBeGreaterThan(10);
  expect(regions.filter((code) => !english.get(`region.${code}`))).toEqual([]);
});

test("each field, value and kind of a fact has words", () => {
  const english = wordsOf("en");
  const rows = filesUnder("content", [".yaml"])
    .filter((path) => /^content\/(laws\/|platforms|directory\/(?!pages|opening))/.test(path))
    .flatMap((path) => readFacts(readText(path)));
  const fields = new Set(rows.flatMap((one) => one.facts.map((fact) => fact.field)));
  const marks = new Set(
    rows
      .flatMap((one) => one.facts.flatMap((fact) => fact.values))
      .filter((value) => /^(yes|no|[a-z]+(_[a-z]+)+)$/.test(value)),
  );
  const kinds = new Set(rows.flatMap((one) => one.kind ?? []));
  expect(rows.length).toBeGreaterThan(150);
  expect([...fields].filter((field) => !english.get(`facts.label.${field}`))).toEqual([]);
  expect([...marks].filter((value) => !english.get(`facts.value.${value}`))).toEqual([]);
  expect([...kinds].filter((kind) => !english.get(`help.kind.${kind}`) && !english.get(`facts.type.${kind}`))).toEqual(
    [],
  );
});
