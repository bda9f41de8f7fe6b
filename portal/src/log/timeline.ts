// SPDX-License-Identifier: Apache-2.0
/*
 * The entries in the order in which things happened, by day. Pure.
 *
 * What has no time of its own stands where it was written down; a correction stands with what it corrects.
 */

import type { Entry } from "./entry";
import { localOf } from "./report";

export interface Day {
  /** `2026-05-03`. */
  readonly day: string;
  readonly entries: readonly Entry[];
}

/** Return the days on which something happened, the first one first. */
export function timeline(entries: readonly Entry[]): readonly Day[] {
  const times = new Map<number, string>();
  for (const entry of entries) times.set(entry.number, timeOf(entry, times));
  const time = (entry: Entry): string => times.get(entry.number) ?? "";
  const sorted = [...entries].sort(
    (one, other) => time(one).localeCompare(time(other), "en") || one.number - other.number,
  );
  const days = [...new Set(sorted.map((entry) => time(entry).slice(0, 10)))];
  return days.map((day) => ({ day, entries: sorted.filter((entry) => time(entry).startsWith(day)) }));
}

function timeOf(entry: Entry, times: ReadonlyMap<number, string>): string {
  if (entry.seen_at !== "") return entry.seen_at.slice(0, 16);
  const corrected = entry.corrects === null ? undefined : times.get(entry.corrects);
  return corrected ?? localOf(entry).replace(" ", "T").slice(0, 16);
}
