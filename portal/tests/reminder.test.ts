// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { reminderDay, reminderFile } from "../src/case/reminder";
import { wordsOf } from "./files";

const NOW = new Date("2026-12-02T14:30:00");

describe("the day of a reminder", () => {
  test.each([
    ["2028-12-02T09:00:00", "2028-11-02T10:00:00"],
    ["2027-01-02T09:00:00", "2026-12-04T10:00:00"],
    ["2026-12-05T09:00:00", "2026-12-04T10:00:00"],
  ])("of a case that ends %s is %s", (end, day) => {
    expect(reminderDay(new Date(end), NOW)).toEqual(new Date(day));
  });

  test("is none where the case ends before", () => {
    expect(reminderDay(new Date("2026-12-04T09:00:00"), NOW)).toBeNull();
  });
});

describe("the file", () => {
  const text = reminderFile(new Date("2028-11-02T10:00:00"), "Look, my; papers", "0123", NOW);

  test("is an event at the device's own hour, in no zone, that rings", () => {
    expect(text.startsWith("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")).toBe(true);
    expect(text).toContain("\r\nDTSTART:20281102T100000\r\nDTEND:20281102T103000\r\n");
    expect(text).toMatch(/\r\nDTSTAMP:20261202T\d{6}Z\r\n/);
    expect(text).toContain("\r\nSUMMARY:Look\\, my\\; papers\r\n");
    expect(text).toContain("\r\nTRIGGER:PT0S\r\n");
    expect(text.endsWith("\r\nEND:VCALENDAR\r\n")).toBe(true);
  });

  test.each(["en", "fi"])("says nothing of a case, in %s", (locale) => {
    const title = new Map(wordsOf(locale)).get("case.reminder.event") ?? "";
    const file = reminderFile(new Date("2028-11-02T10:00:00"), title, "0123", NOW);
    expect(title).not.toBe("");
    expect(file).not.toMatch(/https?:|URL|LOCATION|stillmine|case|tapau|kuva|picture|key|avain/i);
    for (const line of file.split("\r\n")) expect(new TextEncoder().encode(line).length).toBeLessThanOrEqual(75);
  });
});
