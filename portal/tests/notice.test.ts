// SPDX-License-Identifier: Apache-2.0
import { parse, stringify } from "yaml";
import { describe, expect, test } from "vitest";
import { readCountries } from "../src/content/countries";
import type { MessageKey } from "../src/messages/keys";
import { translator } from "../src/messages/translator";
import { clockOf } from "../src/notice/clock";
import { blankNotice } from "../src/notice/blank";
import { readPlatforms, readRegime, readRegimes } from "../src/notice/load";
import { CIRCUMSTANCES, EMPTY_FIELDS, newNotice, type Fields, type Notice } from "../src/notice/notice";
import { circumstanceOf, regimeOf, siteOf } from "../src/notice/prefill";
import { nextSteps, type Regime } from "../src/notice/regime";
import { escalationText, noticeParts, noticeText } from "../src/notice/text";
import { isAddress, missing } from "../src/notice/validate";
import { filesUnder, LOCALES, readText, wordsOf } from "./files";

const contact = (id: string) => ({ id, name: id, country: "nz", phones: ["0800 1"], url: null });
const regimes = filesUnder("content/regimes", [".yaml"]).map((path) => readRegime(readText(path), contact));
const regime = (id: string): Regime => regimes.find((one) => one.id === id) ?? expect.fail(id);
const english = translator({ locale: "en", dates: "en-GB", words: Object.fromEntries(wordsOf("en")) });

const WHOLE: Fields = {
  role: "self",
  authority: "",
  name: "Maria Example",
  signature: "Maria Example",
  email: "maria@example.org",
  phone: "555 0100",
  address: "1 Example Street",
  may_tell_author: "no",
  locations: ["https://example.net/7"],
  description: "a photograph",
  reasons: "no consent",
  facts: "sent to one person",
  states_intimate: true,
  states_no_consent: true,
  states_good_faith: true,
  states_accurate: true,
  is_under_18: false,
  is_fake: false,
  shows_under_clothes: false,
  recorded_unknowing: false,
};
const notice = (id: string, change: Partial<Notice> = {}): Notice => ({
  ...newNotice(id, "", "Example Forum"),
  fields: WHOLE,
  ...change,
});

test("a regime for a group of countries has its members, and one for others those that no regime names", () => {
  const country = (id: string, plans: number, partOf = ""): string =>
    `{id: ${id}, place: {help: 1, plans: ${plans}}, services: {}, part_of: ${partOf}}`;
  const countries = readCountries({ a: country("aa", 1, "gg"), b: country("bb", 2), c: country("gg", 3) });
  const yaml = (id: string, place: number, of: string): string =>
    stringify({ ...parse(readText("content/regimes/plain.yaml")), id, place }).replace("countries: others", of);
  const read = readRegimes(
    [yaml("last", 2, "countries: others"), yaml("first", 1, "countries: [gg]")],
    contact,
    countries,
  );
  expect(read.map((one) => [one.id, one.countries])).toEqual([
    ["first", ["aa", "gg"]],
    ["last", ["bb"]],
  ]);
});

describe.each(regimes.map((one) => [one.id, one] as const))("%s", (id, own) => {
  test("accepts the whole notice and refuses an empty one for every element", () => {
    expect(missing(WHOLE, own)).toEqual([]);
    expect(missing(EMPTY_FIELDS, own)).toEqual(own.elements.map(({ element }) => element));
  });

  test.each(own.elements.map(({ element, rule }) => [element, rule] as const))(
    "names %s where what it asks for is not there",
    (element, rule) => {
      const blank = (name: string): Partial<Fields> => ({
        [name]: typeof WHOLE[name as keyof Fields] === "boolean" ? false : "",
      });
      for (const name of rule.all) expect(missing({ ...WHOLE, ...blank(name) }, own)).toContain(element);
      if (rule.any.length > 0)
        expect(missing({ ...WHOLE, ...(Object.assign({}, ...rule.any.map(blank)) as Partial<Fields>) }, own)).toContain(
          element,
        );
      if (rule.addresses)
        for (const locations of [[], ["his profile"]]) expect(missing({ ...WHOLE, locations }, own)).toContain(element);
    },
  );

  test.each(LOCALES)("has its words in %s", (locale) => {
    const words = wordsOf(locale);
    const keys = [
      `notice.law.${id}`,
      `notice.subject.${id}`,
      `notice.opening.${id}`,
      ...own.elements.map(({ element }) => `notice.missing.${element}`),
      ...own.unverified.map((one) => `notice.unverified.${one}`),
    ];
    const parts = ["copies", "clock"].filter((part) => own.text.includes(part)).map((part) => `notice.${part}.${id}`);
    expect([...keys, ...parts].filter((key) => !words.get(key))).toEqual([]);
  });

  test("its text holds what was filled in and nothing unfilled", () => {
    const { body } = noticeText(notice(id), own, english);
    expect(body).toContain("https://example.net/7");
    expect(body).toContain("Maria Example");
    expect(body).not.toMatch(/\{\w+\}|undefined/);
    expect(noticeText({ ...notice(id), fields: EMPTY_FIELDS }, own, english).body).not.toContain("Signed");
  });
});

describe("what is true of the content", () => {
  const rows = filesUnder("content/laws", [".yaml"]).flatMap(
    (path) => parse(readText(path)) as { id: string; shown: { [field: string]: { value: string; note?: string } } }[],
  );
  const law = (id: string) => rows.find((row) => row.id === id)?.shown ?? expect.fail(id);

  test.each(regimes.map((one) => [one.id, one] as const))("%s says each thing that was ticked", (id, own) => {
    for (const name of CIRCUMSTANCES) {
      const { body } = noticeText(notice(id, { fields: { ...WHOLE, [name]: true } }), own, english);
      expect(body).toContain(english.t(`notice.text.${name}`));
    }
  });

  test("no sentence about a fake says more than its row", () => {
    for (const { id, sentences } of regimes)
      for (const { when, law: row, only } of sentences.filter((one) => one.when === "is_fake")) {
        const sentence = english.t(`notice.says.${id}.${only === null ? "" : `${only}.`}${when}` as MessageKey);
        const { value, note = "" } = law(row)["covers_deepfakes"] ?? expect.fail(row);
        const isPlain = value === "yes" && !note.includes("if") && !note.includes("where");
        expect(isPlain || /can be|where national law|purports/.test(sentence), `${row}: ${sentence}`).toBe(true);
        expect(["yes", "unclear"]).toContain(value);
      }
  });

  test("a law of one country is named only in its notices, and what it says of a real picture never of a fake", () => {
    const said = (country: string, is_fake: boolean): string =>
      noticeText(notice("eu_dsa", { country, fields: { ...WHOLE, is_fake } }), regime("eu_dsa"), english).body;
    expect(said("fi", false)).toContain("chapter 20 of the Criminal Code");
    expect(said("fi", true)).not.toContain("chapter 20");
    expect(said("fi", true)).toContain("can be a crime");
    expect(said("", false)).not.toMatch(/Finland|Ireland/);
    expect(said("ie", false)).toContain("In Ireland");
  });

  test("a law for adults' pictures is not named where someone under 18 is shown", () => {
    const fields = { ...WHOLE, is_under_18: true, is_fake: true };
    const { body } = noticeText(notice("nz_hdca", { fields }), regime("nz_hdca"), english);
    expect(body).toContain(english.t("notice.text.is_fake"));
    expect(body).not.toContain("can be an offence");
  });
});

test("the next step is one of the person's own country where there is one", () => {
  const at = (id: string) => ({ ...contact(id), country: id.slice(0, 2) });
  const eu = readRegime(readText("content/regimes/eu_dsa.yaml"), at);
  expect(nextSteps(eu, "fi").map(({ id }) => id)).toEqual(["fi-police", "fi-riku"]);
  expect(nextSteps(eu, "")).toEqual(eu.escalation);
});

describe("what is known before a notice is begun", () => {
  const placed = regimes.map((one) => ({
    ...one,
    countries: one.id === "eu_dsa" ? ["fi", "ie", "eu"] : one.countries,
  }));
  const inOrder = [...placed.filter(({ id }) => id !== "plain"), regime("plain")];
  const site = (id: string, name: string) => ({ id, name, report_url: null, in_app_path: null });
  const sites = [site("instagram", "Instagram"), site("x", "X")];

  test.each([
    ["nz", "nz_hdca"],
    ["fi", "eu_dsa"],
    ["gb", "gb_osa"],
    ["ca", "plain"],
    [null, "plain"],
  ])("a person in %s writes under %s", (country, law) => {
    expect(regimeOf(country, inOrder)?.id).toBe(law);
  });

  test("a site is chosen by the link, or where the notes name it alone", () => {
    const note = (platform: string) => ({ address: "https://example.net/7", platform });
    expect(siteOf("x", [note("Instagram")], sites)?.id).toBe("x");
    expect(siteOf("", [note(" instagram "), note("my school")], sites)?.id).toBe("instagram");
    expect(siteOf("", [note("instagram"), note("X")], sites)).toBe(null);
    expect(siteOf("is_fake", [], sites)).toBe(null);
    expect(circumstanceOf("is_fake")).toBe("is_fake");
    expect(circumstanceOf("is_under_18")).toBe(null);
  });
});

describe("the parts for a form", () => {
  test.each(regimes.map((one) => [one.id, one] as const))("%s: hold all of the letter, and nothing else", (id, own) => {
    const all = notice(id, { fields: { ...WHOLE, is_fake: true } });
    const { body } = noticeText(all, own, english);
    const texts = noticeParts(all, own, english).map(({ text }) => text);
    const labels = (["where", "what", "reasons", "facts", "contact"] as const).map((one) =>
      english.t(`notice.text.${one}`),
    );
    const lines = (text: string) => text.split("\n").filter((line) => line !== "" && !labels.includes(line));
    expect(texts.flatMap(lines).sort()).toEqual(lines(body).sort());
  });

  test("come in the order in which forms ask, bare enough to paste", () => {
    const parts = noticeParts(notice("eu_dsa"), regime("eu_dsa"), english);
    expect(parts.map(({ part }) => part)).toEqual(["what", "who", "where", "why", "ask", "declares", "contact"]);
    expect(parts.find(({ part }) => part === "where")?.text).toBe("https://example.net/7");
  });

  test("a part with nothing in it is not there", () => {
    const fields = { ...EMPTY_FIELDS, is_under_18: true };
    expect(noticeParts(notice("eu_dsa", { fields }), regime("eu_dsa"), english).map(({ part }) => part)).toEqual([
      "ask",
    ]);
  });

  test("a regime with a piece that nobody can write is refused", () => {
    expect(() => noticeText(notice("plain"), { ...regime("plain"), text: ["greeting"] }, english)).toThrow("greeting");
  });

  test.each(regimes.map((one) => [one.id, one] as const))("%s: with gaps it holds what the law asks for", (_, own) => {
    const { fields } = blankNotice(own, english);
    expect(missing({ ...fields, locations: WHOLE.locations }, own)).toEqual([]);
  });
});

test("a site has its form and the way within its app, and no value that was not checked", () => {
  const row = { id: "a", name: "A", shown: { in_app_path: { value: "three dots, Report", confidence: "sourced" } } };
  expect(readPlatforms(stringify([row]))).toEqual([
    { id: "a", name: "A", report_url: null, in_app_path: "three dots, Report" },
  ]);
  row.shown.in_app_path.confidence = "unverified";
  expect(() => readPlatforms(stringify([row]))).toThrow("a was not checked");
});

test("who acts for another says how they were asked", () => {
  expect(missing({ ...WHOLE, role: "authorised" }, regime("plain"))).toEqual(["authority"]);
});

test("no name is needed where the law says so", () => {
  expect(missing({ ...WHOLE, name: "", email: "", is_under_18: true }, regime("eu_dsa"))).toEqual([]);
});

test.each([
  ["https://example.net/a", true],
  ["http://example.net", true],
  ["example.net", false],
  ["ftp://example.net", false],
  ["javascript:alert(1)", false],
  ["https://localhost", false],
  ["", false],
])("%s is an address: %s", (text, is) => {
  expect(isAddress(text)).toBe(is);
});

describe("the clock", () => {
  const sent_at = "2026-11-25T12:00:00Z";
  const at = (text: string): Date => new Date(text);
  test.each<[string, Partial<Notice>, string, string]>([
    ["us_tida", {}, "2026-11-25T13:00:00Z", "not_sent"],
    ["us_tida", { sent_at }, "2026-11-27T11:59:59Z", "running"],
    ["us_tida", { sent_at }, "2026-11-27T12:00:00Z", "over"],
    ["us_tida", { sent_at, outcome: "refused" }, "2026-11-25T13:00:00Z", "over"],
    ["us_tida", { sent_at, outcome: "removed" }, "2026-11-29T13:00:00Z", "removed"],
    ["au_esafety", { sent_at }, "2026-12-25T13:00:00Z", "waiting_for_regulator"],
    ["au_esafety", { sent_at, regulator_at: "2026-11-26T00:00:00Z" }, "2026-11-26T23:00:00Z", "running"],
    ["au_esafety", { sent_at, regulator_at: "2026-11-26T00:00:00Z" }, "2026-11-27T00:00:00Z", "over"],
    ["eu_dsa", { sent_at }, "2026-12-25T13:00:00Z", "no_day"],
    ["eu_dsa", { sent_at, look_again: "2026-12-01" }, "2026-11-26T00:00:00Z", "running"],
    ["eu_dsa", { sent_at, look_again: "2026-12-01" }, "2026-12-02T00:00:00Z", "over"],
    ["eu_dsa", { sent_at, outcome: "refused" }, "2026-11-26T00:00:00Z", "over"],
  ])("%s %j at %s: %s", (id, change, now, state) => {
    expect(clockOf(notice(id, change), regime(id), at(now)).state).toBe(state);
  });

  test("hours left are rounded up, so that nobody goes on too early", () => {
    const clock = clockOf(notice("us_tida", { sent_at }), regime("us_tida"), at("2026-11-25T12:30:00Z"));
    expect("hoursLeft" in clock && clock.hoursLeft).toBe(48);
  });
});

test("the next place gets what was sent, when, and their answer", () => {
  const text = escalationText(
    notice("us_tida", { sent_at: "2026-11-25T12:00:00Z", outcome: "refused", answer: "We see no problem." }),
    regime("us_tida"),
    english,
    (day) => day.toISOString(),
  );
  for (const part of [
    "2026-11-25T12:00:00",
    "Example Forum",
    "They refused.",
    "We see no problem.",
    "TAKE IT DOWN Act",
    "https://example.net/7",
  ])
    expect(text).toContain(part);
});

describe("the build stops at a regime", () => {
  const good = readText("content/regimes/us_tida.yaml");
  test.each<[string, string, RegExp]>([
    [
      "that names a field which is not there",
      good.replace("[signature]}", "[autograph]}"),
      /names the field autograph/,
    ],
    ["whose element asks for nothing", good.replace("{all: [signature]}", "{}"), /asks for nothing/],
    ["without a day of review", good.replace('reviewed: "2026-11-22"', "reviewed: lately"), /no day of review/],
    [
      "that leaves a circumstance out",
      good.replace(/ {2}recorded_unknowing: .*/, ""),
      /needs a sentence for recorded_unknowing/,
    ],
    [
      "with a sentence that nobody can tick",
      good.replace("when: is_fake", "when: is_sad"),
      /is_sad, which nobody can tick/,
    ],
    ["whose clock does not run", good.replace("starts: sent", "starts: someday"), /no clock that runs/],
  ])("%s", (_, text, message) => {
    expect(() => readRegime(text, contact)).toThrow(message);
  });

  test("whose next step has neither a number nor an address", () => {
    expect(() => readRegime(good, (id) => ({ ...contact(id), phones: [] }))).toThrow(
      /us-ftc-takeitdown as the next step, which has no number/,
    );
  });
});

test("a notice to a regulator is not said to have gone to the site", () => {
  const proof = escalationText(
    notice("au_esafety", { sent_at: "2026-11-20T12:00:00Z", outcome: "refused" }),
    regime("au_esafety"),
    english,
    (day) => day.toISOString(),
  );
  expect(proof).toContain("I complained to the regulator");
});

test("where the time is for passing the notice on, nobody says that removal came too late", () => {
  const silent = (law: string): string =>
    escalationText(notice(law, { sent_at: "2026-11-20T12:00:00Z" }), regime(law), english, (day) => day.toISOString());
  expect(silent("nz_hdca")).toContain("The 48 hours for passing on my notice are over");
  expect(silent("nz_hdca")).not.toContain("not removed in time");
  expect(silent("us_tida")).toContain("It was not removed in time.");
});
