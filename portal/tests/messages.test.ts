// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { ERROR_CODES } from "../src/wire/types";
import { filesUnder, LOCALES, readText, readWords, wordsOf } from "./files";

const english = wordsOf("en");
const sources = filesUnder("portal/src", [".ts", ".tsx", ".astro"]).map(readText).join("\n");

/** Keys that code puts together from a part, and the parts that can occur. */
const BUILT = [
  /^error\.[a-z_0-9]+$/,
  /^protect\.(problem|note|excess)\.[a-z_]+$/,
  /^protect\.send\.kind\.[a-z0-9]+$/,
  /^file\.(name|left_out)\.[a-z]+$/,
  /^case\.kind\.[a-z0-9]+$/,
  /^case\.state\.[a-z]+$/,
  /^case\.(vote\.)?reason\.[a-z_]+$/,
  /^case\.suspended\.[a-z_]+$/,
  /^case\.delay\.(off|on|ending)$/,
  /^case\.ledger\.wrong\.[a-z_]+$/,
  /^country\.[a-z]+$/,
  /^start\.choice\.[a-z]+$/,
  /^unsure\.[a-z]+\.[0-9]+$/,
  /^title\.plan\.[a-z]+$/,
  /^talk\.(need|what|short)\.[a-z0-9_]+$/,
  /^plan\.ask\.[a-z]+(\.[a-z_]+)?$/,
  /^plan\.(go\.[a-z0-9-]+|[a-z]+\.[a-z]+\.(title|why|need|[a-z]{2})|[a-z]+\.(title|first))$/,
  /^guide\.[a-z]+\.[a-z_]+\.(title|[0-9]+)$/,
  /^folder\.problem\.[a-z_]+$/,
  /^try\.alteration\.[a-z_0-9]+$/,
  /^device\.(pages|country|marks|sites|labels|ledger|log)\.(title|what)$/,
  /^log\.(kind|field)\.[a-z_]+$/,
  /^notice\.(law|unverified|missing|subject|opening|copies|clock)\.[a-z_]+$/,
  /^notice\.(says|then)\.[a-z_.]+$/,
  /^notice\.text\.(is_fake|shows_under_clothes|recorded_unknowing|identity\.(yes|no))$/,
  /^notice\.part\.[a-z]+$/,
  /^notice\.field\.[a-z_0-9]+$/,
  /^sites\.(stopncii|tid)\.(yes|reported|no)$/,
  /^region\.[a-z-]+$/,
  /^help\.(kind|way|audience)\.[a-z_0-9]+$/,
  /^facts\.(label|value|type|reliability|field|confidence)\.[a-z_]+$/,
];

describe("the catalogue", () => {
  test("each message is used", () => {
    const isUsed = (key: string): boolean => {
      const stem = key.replace(/\.(one|other)$/, "");
      return (
        sources.includes(`"${key}"`) || sources.includes(`"${stem}"`) || BUILT.some((pattern) => pattern.test(key))
      );
    };
    expect([...english.keys()].filter((key) => !isUsed(key))).toEqual([]);
  });

  test("each error that the portal can meet has words", () => {
    const codes = [...ERROR_CODES, "unreachable", "answer_unreadable", "unknown"];
    expect(codes.filter((code) => !english.get(`error.${code}`))).toEqual([]);
    const extra = [...english.keys()].filter(
      (key) => key.startsWith("error.") && key !== "error.title" && !codes.includes(key.slice(6)),
    );
    expect(extra).toEqual([]);
  });

  test("each country has a name, and no other has", () => {
    const countries = filesUnder("content/countries", [".yaml"]).map((path) => path.split("/").pop()?.slice(0, -5));
    const named = [...english.keys()].filter((key) => key.startsWith("country.")).map((key) => key.slice(8));
    expect(named.sort()).toEqual([...countries, "global"].sort());
  });

  test("no key stands in two files, and each stands in the file of its name", () => {
    const keys = filesUnder("content/messages/en", [".json"]).flatMap((path) => [...readWords(path).keys()]);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test.each(LOCALES)("%s has every message and the same places for values", (locale) => {
    const own = wordsOf(locale);
    const places = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();
    const missing = [...english.keys()].filter((key) => !own.get(key));
    const wrong = [...english].filter(
      ([key, text]) => own.has(key) && String(places(own.get(key) ?? "")) !== String(places(text)),
    );
    const unknown = [...own.keys()].filter((key) => !english.has(key));
    expect({ missing, unknown, wrong: wrong.map(([key]) => key) }).toEqual({ missing: [], unknown: [], wrong: [] });
  });

  test.each([
    [
      "en",
      [
        /guarantee/i,
        /100 ?%/,
        /remove (it )?everywhere/i,
        /can.?t be reversed/i,
        /victim/i,
        /revenge porn/i,
        /\bhash can/i,
      ],
    ],
    ["fi", [/takaamme|taattu/i, /100 ?%/, /poist\w+ kaikkialta/i, /\buhri/i, /kostoporno/i]],
  ])("nothing is promised in %s that can't be kept, and nobody is labelled", (locale, never) => {
    // What people search for stands where the words are explained, so that they find the steps; a service and its site have the name that they have.
    const services = /Victim Support|Crime Victims Helpline|https:\/\/\S+/g;
    const slips = [...wordsOf(locale)]
      .filter(([key]) => !key.startsWith("guide.names.shared."))
      .filter(([, text]) => never.some((words) => words.test(text.replace(services, ""))))
      .map(([key]) => key);
    expect(slips).toEqual([]);
  });
});
