// SPDX-License-Identifier: Apache-2.0
import { parse } from "yaml";
import { describe, expect, test } from "vitest";
import { readDirectory } from "../src/directory/load";
import { readOpening, weekOf } from "../src/directory/opening";
import { isOpen, minuteOfWeek } from "../src/help/open_now";
import { yamlUnder } from "./files";

const WORDS = "Mon-Thu 09:00-18:00, Fri 09:00-16:00";
const texts = (): Map<string, string> =>
  new Map([
    ["hours", WORDS],
    ["116 111", "24/7"],
  ]);
const read = (...lines: string[]): ReturnType<typeof readOpening> =>
  readOpening(parse(lines.map((line) => `- {${line}}`).join("\n")), texts);
const entry = (rest: string): string => `service: x, from: hours, text: "${WORDS}", ${rest}`;

describe("hours of a week", () => {
  test("become minutes since Monday 00:00", () => {
    expect(weekOf(["Fri 09:00-16:00", "Mon-Tue 09:30-24:00"])).toBe("570-1440,2010-2880,6300-6720");
    expect(read(entry('zone: Europe/Helsinki, week: ["Mon 09:00-18:00"]')).get("x")?.get("hours")?.week).toBe(
      "540-1080",
    );
    expect(read('service: x, from: "116 111", text: "24/7", week: always').get("x")?.get("116 111")).toMatchObject({
      week: "0-10080",
      zone: null,
    });
  });

  test.each([
    "Mon 9:00-18:00",
    "Mon 18:00-09:00",
    "Fri-Mon 09:00-10:00",
    "Mon 09:00-25:00",
    "Daily 09:00-10:00",
    "Mon 09:61-10:00",
  ])("refuse %s", (line) => {
    expect(() => weekOf([line])).toThrow(/is no opening hours|is no time of day/);
  });
});

describe("the build stops at", () => {
  test.each<[string, string[], RegExp]>([
    [
      "hours read from words that the row no longer has",
      ['service: x, from: hours, text: "Mon-Thu 09:00-17:00", week: always'],
      /read from other words/,
    ],
    [
      "hours of something that the service does not have",
      ['service: x, from: chat_hours, text: "24/7", week: always'],
      /read from other words/,
    ],
    ["an unknown time zone", [entry('zone: Europe/Nowhere, week: ["Mon 09:00-18:00"]')], /no time zone/],
    ["no time zone", [entry('week: ["Mon 09:00-18:00"]')], /x.zone is not a text/],
    ["the same twice", [entry("week: always"), entry("week: always")], /there twice/],
  ])("%s", (_, lines, message) => {
    expect(() => read(...lines)).toThrow(message);
  });

  test("hours of a service that is not there", () => {
    expect(() =>
      readDirectory({ "/opening.yaml": '- {service: x, from: hours, text: "24/7", week: always}' }, new Map()),
    ).toThrow(/names x/);
  });
});

describe("open now", () => {
  const week = weekOf(["Mon-Thu 09:00-18:00", "Fri 09:00-16:00"]);
  test.each<[string, string, boolean]>([
    ["Monday 08:59 in Helsinki", "2026-11-23T06:59:00Z", false],
    ["Monday 09:00 in Helsinki", "2026-11-23T07:00:00Z", true],
    ["Thursday 17:59 in Helsinki", "2026-11-26T15:59:59Z", true],
    ["Thursday 18:00 in Helsinki", "2026-11-26T16:00:00Z", false],
    ["Friday 16:00 in Helsinki", "2026-11-27T14:00:00Z", false],
    ["Saturday", "2026-11-28T10:00:00Z", false],
    ["Monday 09:00 in summer time", "2026-06-22T06:00:00Z", true],
    ["Monday 08:59 in summer time", "2026-06-22T05:59:00Z", false],
  ])("%s", (_, moment, open) => {
    expect(isOpen(week, "Europe/Helsinki", new Date(moment))).toBe(open);
  });

  test("counts from Monday 00:00 of the service's own place", () => {
    expect(minuteOfWeek("UTC", new Date("2026-11-23T00:00:00Z"))).toBe(0);
    expect(minuteOfWeek("UTC", new Date("2026-11-29T23:59:00Z"))).toBe(10_079);
    expect(minuteOfWeek("Pacific/Auckland", new Date("2026-11-22T11:30:00Z"))).toBe(30);
  });

  test("day and night is open at every moment", () => {
    for (const moment of ["2026-11-23T00:00:00Z", "2026-11-29T23:59:59Z"])
      expect(isOpen("0-10080", "UTC", new Date(moment))).toBe(true);
  });

  test("is not guessed where the browser does not know the place", () => {
    expect(isOpen(week, "Europe/Nowhere", new Date())).toBeNull();
  });
});

test("the project's own hours say what their words say", () => {
  const real = yamlUnder("content/directory");
  const { services } = readDirectory(real, new Map());
  const minutes = (id: string, from: string): string | undefined => services.get(id)?.opening.get(from)?.week;
  expect(minutes("fi-riku", "hours")).toBe(weekOf(["Mon-Thu 09:00-18:00", "Fri 09:00-16:00"]));
  expect(minutes("gb-rph", "hours")).toBe(weekOf(["Mon-Fri 10:00-16:00"]));
  expect(services.get("gb-rph")?.opening.get("hours")?.isClosedOnHolidays).toBe(true);
  for (const service of services.values()) {
    for (const [from, opening] of service.opening) {
      const words =
        (from === "hours"
          ? service.hours
          : from === "chat_hours"
            ? service.chatHours
            : service.phones.find((one) => one.number === from)?.note) ?? "";
      expect(opening.zone === null, `${service.id} ${from}`).toBe(/24\/7|24 hours/.test(words));
    }
  }
});
