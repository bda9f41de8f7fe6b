// SPDX-License-Identifier: Apache-2.0
/* What the public log says of each file, in plain words. Pure. */

import type { Told } from "../ledger/case_ledger";
import type { MessageKey } from "../messages/keys";
import type { Translator } from "../messages/translator";
import { fileName } from "../protect/file_words";
import { filesOf } from "./case_files";
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
export function ledgerParts(told: readonly Told[], fingerprints: readonly CaseFingerprint[], words: Translator, now: Date): readonly LedgerPart[] {
  return filesOf(fingerprints).map((file) => {
    const ids = new Set(file.fingerprints.map((fingerprint) => fingerprint.id));
    const lines = told.filter(({ fingerprintIds }) => fingerprintIds.some((id) => ids.has(id))).flatMap((entry) => sentence(entry, words, now));
    return { name: fileName(file, words), lines: lines.length > 0 ? [...new Set(lines)] : [words.t("case.ledger.nothing")] };
  });
}

/** Return a day of the log in words; the log counts days in UTC, which need not be the device's. */
export function dayWords(day: string, words: Translator, now: Date): string {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return words.date(new Date(year, month - 1, date, 12), now);
}

function sentence({ event, day, partner }: Told, words: Translator, now: Date): readonly string[] {
  const key = SENTENCES[event];
  // A name is set apart from the sentence, so that one from right to left leaves its order alone.
  return key === undefined ? [] : [words.t(key, { partner: `\u2068${partner ?? ""}\u2069`, date: dayWords(day, words, now) })];
}
