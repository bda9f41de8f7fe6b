// SPDX-License-Identifier: Apache-2.0
import { expect, test } from "vitest";
import { EMPTY_DRAFT, type Entry } from "../src/log/entry";
import { timeline } from "../src/log/timeline";

function entry(number: number, seenAt: string, more: Partial<Entry> = {}): Entry {
  const written = { written_at: "2026-05-09T22:30:00Z", zone: "Europe/Helsinki", offset: "+03:00" };
  return { ...EMPTY_DRAFT, ...written, previous: "", hash: "", number, seen_at: seenAt, ...more };
}

function shown(entries: readonly Entry[]): readonly string[] {
  return timeline(entries).map(({ day, entries: ofDay }) => `${day}: ${ofDay.map((one) => one.number).join(" ")}`);
}

test("days are in the order of what happened, whatever was written first", () => {
  expect(shown([entry(1, "2026-05-08T09:00"), entry(2, "2026-05-03T14:05"), entry(3, "2026-05-08T08:00")])).toEqual([
    "2026-05-03: 2",
    "2026-05-08: 3 1",
  ]);
});

test("what has no time stands on the day it was written, by the device's own time", () => {
  expect(shown([entry(1, ""), entry(2, "2026-05-10T01:00")])).toEqual(["2026-05-10: 2 1"]);
});

test("a correction stands with what it corrects, also one of a correction", () => {
  const corrections = [
    entry(3, "", { kind: "correction", corrects: 1 }),
    entry(4, "", { kind: "correction", corrects: 3 }),
  ];
  expect(shown([entry(1, "2026-05-03T14:05"), entry(2, "2026-05-04T10:00"), ...corrections])).toEqual([
    "2026-05-03: 1 3 4",
    "2026-05-04: 2",
  ]);
});

test("no entries, no days", () => {
  expect(timeline([])).toEqual([]);
});
