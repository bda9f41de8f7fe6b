// SPDX-License-Identifier: Apache-2.0
/*
 * The log as it is read: one list of blocks that the PDF, the text file and the printed page are all made from.
 *
 * Holds fingerprints of files and never a picture.
 */

import type { Translator } from "../messages/translator";
import { TEXT_FIELDS, type Entry } from "./entry";
import type { Folder } from "./folder";

export type Block =
  | { readonly kind: "title" | "heading" | "text" | "small"; readonly text: string }
  | { readonly kind: "pair"; readonly label: string; readonly text: string };

/** Return the whole log. `made` is when the report was made. */
export function logReport(folder: Folder, translator: Translator, made: Date): readonly Block[] {
  const { t } = translator;
  const last = folder.entries[folder.entries.length - 1];
  return [
    { kind: "title", text: t("log.report.title") },
    { kind: "text", text: t("log.report.about", { made: stamp(made) }) },
    ...(folder.is_text_only ? [{ kind: "text", text: t("log.report.text_only") } as const] : []),
    ...folder.entries.flatMap((entry) => entryBlocks(entry, translator)),
    { kind: "heading", text: t("log.report.check.title") },
    { kind: "small", text: t("log.report.check.text") },
    ...(last ? [{ kind: "pair", label: t("log.report.last"), text: last.hash } as const] : []),
  ];
}

/** Return one page for the police: what, where, who, when, what was done; without the details of every entry. */
export function policeReport(folder: Folder, { t }: Translator, made: Date): readonly Block[] {
  const { entries } = folder;
  const every = (pick: (entry: Entry) => string): string =>
    [...new Set(entries.map(pick).filter((text) => text.trim() !== ""))].join("\n");
  const of = (kind: Entry["kind"]): readonly Entry[] => entries.filter((entry) => entry.kind === kind);
  const summaryOf = (one: Entry): string =>
    [one.seen_at || one.written_at.slice(0, 10), one.platform, one.what, one.reference]
      .filter((text) => text !== "")
      .join(" · ");
  const pairs: readonly (readonly [string, string])[] = [
    [
      t("log.police.what"),
      short(every((entry) => (entry.kind === "seen" || entry.kind === "threat" ? entry.what : ""))),
    ],
    [t("log.field.words"), short(every((entry) => (entry.kind === "threat" ? entry.words : "")))],
    [t("log.police.where"), short(every((entry) => entry.address))],
    [t("log.police.accounts"), short(every((entry) => [entry.platform, entry.account].filter(Boolean).join(": ")))],
    [t("log.field.who_saw"), short(every((entry) => entry.who_saw))],
    [t("log.police.done"), short([...of("report"), ...of("answer")].map(summaryOf).join("\n"))],
    [t("log.police.files"), short(entries.flatMap((entry) => entry.files.map((file) => file.sha256)).join("\n"))],
  ];
  return [
    { kind: "title", text: t("log.police.title") },
    { kind: "text", text: t("log.police.about", { made: stamp(made), count: entries.length }) },
    ...(folder.is_text_only ? [{ kind: "text", text: t("log.report.text_only") } as const] : []),
    ...pairs.filter(([, text]) => text !== "").map(([label, text]) => ({ kind: "pair", label, text }) as const),
    { kind: "pair", label: t("log.police.contact"), text: "______________________________" },
    { kind: "pair", label: t("log.police.number"), text: "______________________________" },
  ];
}

/** Return blocks as plain text. */
export function plain(blocks: readonly Block[]): string {
  const line = (block: Block): string => {
    if (block.kind === "pair") return `${block.label}: ${block.text}`;
    return block.kind === "title" || block.kind === "heading"
      ? `\n${block.text}\n${"-".repeat(Math.min(72, block.text.length))}`
      : block.text;
  };
  return `${blocks.map(line).join("\n").trim()}\n`;
}

function entryBlocks(entry: Entry, { t }: Translator): readonly Block[] {
  const pair = (label: string, text: string): readonly Block[] =>
    text.trim() === "" ? [] : [{ kind: "pair", label, text }];
  return [
    { kind: "heading", text: t("log.report.entry", { number: entry.number, kind: t(`log.kind.${entry.kind}`) }) },
    ...pair(t("log.field.seen_at"), entry.seen_at.replace("T", " ")),
    ...(entry.corrects === null ? [] : pair(t("log.field.corrects"), String(entry.corrects))),
    ...TEXT_FIELDS.flatMap((field) => pair(t(`log.field.${field}`), entry[field])),
    ...entry.files.flatMap((file) =>
      pair(
        t("log.field.file"),
        t("log.report.file", { bytes: file.bytes, type: file.type || "?", sha256: file.sha256 }),
      ),
    ),
    {
      kind: "small",
      text: t("log.report.written", {
        utc: entry.written_at,
        local: `${localOf(entry)} ${entry.offset}`,
        zone: entry.zone,
      }),
    },
    { kind: "small", text: t("log.report.hash", { hash: entry.hash }) },
  ];
}

/** The device's own time when an entry was written, from its UTC and offset. */
export function localOf(entry: Entry): string {
  const [, sign, hours, minutes] = /^([+-])(\d\d):(\d\d)$/.exec(entry.offset) ?? [];
  const shift = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * (sign === "-" ? -1 : 1);
  return new Date(Date.parse(entry.written_at) + shift * 60_000).toISOString().slice(0, 19).replace("T", " ");
}

const stamp = (moment: Date): string =>
  moment
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, " UTC");

/** One page stays one page: what is longer is cut, and says so by dots; the whole log holds it all. */
function short(text: string): string {
  return text.length <= 700 ? text : `${text.slice(0, 700)} …`;
}
