// SPDX-License-Identifier: Apache-2.0
/*
 * A date for the person's own calendar, before a case ends. It says nothing of a case: no address, no name, no word of ours but its title.
 * The hour has no zone, so that it is that hour wherever the phone is. Pure. Contract: RFC 5545.
 */

const DAY_MILLISECONDS = 86_400_000;
const DAYS_BEFORE = 30;
const HOUR = 10;

/** Return when to be reminded of an end: thirty days before, or the day after tomorrow; null where that would be too late. */
export function reminderDay(end: Date, now: Date): Date | null {
  const early = Math.max(end.getTime() - DAYS_BEFORE * DAY_MILLISECONDS, now.getTime() + 2 * DAY_MILLISECONDS);
  const day = new Date(early);
  day.setHours(HOUR, 0, 0, 0);
  return day.getTime() < end.getTime() ? day : null;
}

/** Return the file: one event of half an hour, which rings. `id` has to be random, so that it leads nowhere. */
export function reminderFile(day: Date, title: string, id: string, now: Date): string {
  const ending = new Date(day.getTime() + 1_800_000);
  const lines = [
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//calendar//1//EN",
    "BEGIN:VEVENT",
    `UID:${id}`,
    `DTSTAMP:${utc(now)}`,
    `DTSTART:${local(day)}`,
    `DTEND:${local(ending)}`,
    `SUMMARY:${escaped(title)}`,
    "BEGIN:VALARM",
    "ACTION:DISPLAY",
    `DESCRIPTION:${escaped(title)}`,
    "TRIGGER:PT0S",
    "END:VALARM",
    "END:VEVENT",
    "END:VCALENDAR",
  ];
  return lines.map((line) => `${line}\r\n`).join("");
}

/** `20281103T100000`: the device's own time, and no zone. */
function local(moment: Date): string {
  return utc(new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000)).slice(0, -1);
}

function utc(moment: Date): string {
  return moment.toISOString().replace(/[-:]|\.\d+/g, "");
}

function escaped(text: string): string {
  return text.replace(/[\\;,]/g, (sign) => `\\${sign}`).replace(/\r?\n/g, "\\n");
}
