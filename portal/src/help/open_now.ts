// SPDX-License-Identifier: Apache-2.0
/*
 * Whether a week of opening hours holds at a moment, in the service's own time zone. Says null rather than guess where the
 * browser does not know the zone.
 */

const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/** Return whether `week` (`540-1080,1980-2520`, minutes since Monday 00:00 in `zone`) is open at `moment`; null if unknown. */
export function isOpen(week: string, zone: string, moment: Date): boolean | null {
  const minute = minuteOfWeek(zone, moment);
  if (minute === null) return null;
  return week.split(",").some((span) => {
    const [from = 0, to = 0] = span.split("-").map(Number);
    return from <= minute && minute < to;
  });
}

/** Return the minutes since Monday 00:00 in a time zone; null where the browser does not know it. */
export function minuteOfWeek(zone: string, moment: Date): number | null {
  try {
    const format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      weekday: "short",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
    const parts = new Map(format.formatToParts(moment).map((part) => [part.type, part.value]));
    const [day, hour, minute] = [
      DAYS.indexOf(parts.get("weekday") ?? ""),
      Number(parts.get("hour")),
      Number(parts.get("minute")),
    ];
    return day < 0 || !(hour >= 0 && minute >= 0) ? null : (day * 24 + (hour % 24)) * 60 + minute;
  } catch {
    return null;
  }
}
