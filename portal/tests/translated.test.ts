// SPDX-License-Identifier: Apache-2.0
import { expect, test } from "vitest";
import { readDirectory } from "../src/directory/load";
import { namedIn, ownTexts } from "../src/directory/translated";
import { LOCALES, readWords, yamlUnder } from "./files";

const directory = readDirectory(yamlUnder("content/directory"), new Map());
const texts = new Set([...directory.services.values()].flatMap(ownTexts));
const languages = LOCALES.filter((language) => language !== "en");

test.each(languages)("all that services say of themselves has words in %s, and nothing else has", (language) => {
  const words = readWords(`content/directory/${language}.json`);
  expect([...texts].filter((text) => !words.get(text))).toEqual([]);
  expect([...words.keys()].filter((text) => !texts.has(text))).toEqual([]);
});

test.each(languages)("numbers, hours and addresses are the same in %s", (language) => {
  const figures = (text: string): string =>
    (text.match(/\d{1,2}:\d{2}|24\/7|\d{3,}|\w+\.\w{2,3}\/\S*|https?:\S+/g) ?? []).join(" ");
  const changed = [...readWords(`content/directory/${language}.json`)].filter(
    ([english, own]) => figures(english) !== figures(own),
  );
  expect(changed.map(([english]) => english)).toEqual([]);
});

test("who speaks the language of a country sees the services of it under their own names and sites", () => {
  const own = (id: string, locale: string): unknown[] => {
    const service = directory.services.get(id);
    if (!service) throw new Error(`there is no ${id}`);
    const { name, url, chatUrl } = namedIn(locale, service);
    return [name, url, chatUrl];
  };
  expect(own("fi-riku", "fi")).toEqual(["Rikosuhripäivystys (RIKU)", "https://www.riku.fi/", "https://www.riku.fi/"]);
  expect(own("fi-riku", "en")).toEqual([
    "Victim Support Finland",
    "https://www.riku.fi/en/",
    "https://www.riku.fi/en/",
  ]);
  expect(own("nz-netsafe", "fi")[0]).toBe("Netsafe helpline");
  expect(own("global-stopncii", "fi")[0]).toBe("StopNCII.org");
});
