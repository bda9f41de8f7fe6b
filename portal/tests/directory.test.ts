// SPDX-License-Identifier: Apache-2.0
import { parse, stringify } from "yaml";
import { describe, expect, test } from "vitest";
import { readDirectory } from "../src/directory/load";
import { filesUnder, readText } from "./files";

const real = Object.fromEntries(filesUnder("content/directory", [".yaml"]).map((path) => [`/${path}`, readText(path)]));

/** A directory of one service, with changes; made anew for each test. */
function changed(change: (service: Record<string, unknown>) => void, page = "one: [x-one]"): Record<string, string> {
  const service: Record<string, unknown> = {
    id: "x-one",
    name: "Example Line",
    country: "nz",
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
  const lists = readDirectory(real);
  expect([...lists.keys()].sort()).toEqual(["danger", "similar", "talk", "threat", "under_18", "under_18_first"]);
  expect(lists.get("danger")?.every((service) => service.phones.length > 0)).toBe(true);
  for (const service of [...lists.values()].flat()) expect(service.source.length).toBeGreaterThan(0);
});

test("nothing in its files is unchecked", () => {
  expect(Object.values(real).join("\n")).not.toContain("from_general_knowledge");
  expect(parse("a: 1")).toEqual({ a: 1 });
});

describe("the build stops at", () => {
  test.each<[string, Record<string, string>, RegExp]>([
    ["a row that was not checked", changed((row) => (row["confidence"] = "from_general_knowledge")), /x-one.confidence was not checked/],
    [
      "a field that was not checked",
      changed((row) => (row["shown"] = { sms: { value: "1", confidence: "from_general_knowledge" } })),
      /x-one.sms was not checked/,
    ],
    ["a field without a mark", changed((row) => (row["shown"] = { sms: { value: "1" } })), /x-one.sms was not checked/],
    ["a service without a source", changed((row) => (row["source"] = [])), /names no source/],
    ["a service without a day of review", changed((row) => (row["reviewed"] = "lately")), /no day of review/],
    ["a service that no page shows", changed(() => undefined, "one: []"), /no page shows x-one/],
    ["a page that names what is not there", changed(() => undefined, "one: [x-one, x-two]"), /names x-two/],
  ])("%s", (_, files, message) => {
    expect(() => readDirectory(files)).toThrow(message);
  });

  test("nothing when all is well", () => {
    expect(readDirectory(changed(() => undefined)).get("one")?.[0]?.phones).toEqual([{ number: "1", note: null }]);
  });
});
