// SPDX-License-Identifier: Apache-2.0
/* What the public log says of each file, in plain words. Pure. */

import type { CheckedEntry } from "../ledger/case_ledger";
import type { MessageKey } from "../messages/keys";
import type { Translator } from "../messages/translator";
import { fileName } from "../files/file_words";
import { filesOf } from "../files/case_files";
import type { CaseFingerprint } from "../wire/types";

/** Events of a later version have no words here, and are left out. */
const SENTENCES: { readonly [event: string]: MessageKey } = {
  disclosed: "case.ledger.disclosed",
  retracted: "case.ledger.retracted",
  matched: "case.ledger.matched",
  withdrawn: "case.ledger.withdrawn",
  expired: "case.ledger.expired",
  suspended: "case.ledger.suspended",
  restored: "case.ledger.restored",
};

export interface LedgerPart {
  readonly name: string;
  readonly lines: readonly string[];
}

/** Return what is told of each file, oldest first; the same sentence once, however many of its fingerprints it is about. */
export function ledgerParts(
  checkedEntries: readonly CheckedEntry[],
  fingerprints: readonly CaseFingerprint[],
  words: Translator,
  now: Date,
): readonly LedgerPart[] {
  return filesOf(fingerprints).map((file) => {
    const ids = new Set(file.fingerprints.map((fingerprint) => fingerprint.id));
    const lines = checkedEntries
      .filter(({ fingerprintIds }) => fingerprintIds.some((id) => ids.has(id)))
      .flatMap((entry) => sentence(entry, words, now));
    return {
      name: fileName(file, words),
      lines: lines.length > 0 ? [...new Set(lines)] : [words.t("case.ledger.nothing")],
    };
  });
}

/** Return in a sentence or two that all was checked, how much of it is in the public log, and by when the rest is. */
export function summary(checkedEntries: readonly CheckedEntry[], words: Translator, now: Date): string {
  const waiting = checkedEntries.flatMap(({ publishBy }) => (publishBy === null ? [] : [publishBy]));
  const published = checkedEntries.length - waiting.length;
  if (checkedEntries.length === 0) return words.t("case.ledger.right.none");
  if (waiting.length === 0) return words.plural("case.ledger.right", published);
  const latest = new Date(Math.max(...waiting.map((moment) => moment.getTime())));
  const promised = words.plural("case.ledger.promised", waiting.length, {
    date: words.date(latest, now),
    time: words.time(latest),
  });
  return [
    words.t("case.ledger.checked"),
    ...(published === 0 ? [] : [words.plural("case.ledger.published", published)]),
    promised,
  ].join(" ");
}

/** Return a day of the log in words; the log counts days in UTC, which need not be the device's. */
export function dayWords(day: string, words: Translator, now: Date): string {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return words.date(new Date(year, month - 1, date, 12), now);
}

function sentence({ event, day, partner, publishBy }: CheckedEntry, words: Translator, now: Date): readonly string[] {
  const key = SENTENCES[event];
  // A name is set apart from the sentence, so that one from right to left leaves its order alone.
  if (key === undefined) return [];
  const what = words.t(key, { partner: `\u2068${partner ?? ""}\u2069`, date: dayWords(day, words, now) });
  if (publishBy === null) return [what];
  return [
    `${what} ${words.t("case.ledger.promised.by", { date: words.date(publishBy, now), time: words.time(publishBy) })}`,
  ];
}
