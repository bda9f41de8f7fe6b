// SPDX-License-Identifier: Apache-2.0
/* A receipt in plain words and dates. Pure. What is signed is the exchange's own text, not this. */

import type { Translator, Values } from "../messages/translator";
import { fileName } from "../files/file_words";
import type { AskedPart, EndedPart, ErasedPart, Receipt } from "../wire/types";
import { typeOfKinds } from "../files/case_files";
import { dayWords } from "./ledger_words";

export interface ReceiptPart {
  readonly name: string;
  readonly lines: readonly string[];
}

/** Return what is said of the case as a whole, one sentence per line. */
export function receiptLines(receipt: Receipt, words: Translator, now: Date): readonly string[] {
  const made = words.t("case.receipt.made", { ...moment(receipt.made_at, words, now), reference: receipt.reference });
  const kept = receipt.kept === 0 ? [] : [words.plural("case.receipt.kept", receipt.kept)];
  const inherited = receipt.kept_to_tell === 0 ? [] : [words.plural("case.receipt.to_tell", receipt.kept_to_tell)];
  return [made, ...kept, ...inherited];
}

/** Return what is said of each part that was erased, then of each that is asked to be. */
export function receiptParts(receipt: Receipt, words: Translator, now: Date): readonly ReceiptPart[] {
  const named = ({ kinds, file_number }: ErasedPart | EndedPart | AskedPart): string =>
    fileName({ type: typeOfKinds(kinds), number: file_number }, words);
  const erased = receipt.erased.map((part) => ({
    name: named(part),
    lines: partLines(part, erasedLines(part, words, now), words, now),
  }));
  const ended = (receipt.ended ?? []).map((part) => ({
    name: named(part),
    lines: partLines(part, endedLines(part, words, now), words, now),
  }));
  const asked = (receipt.asked ?? []).map((part) => ({ name: named(part), lines: askedLines(part, words, now) }));
  return [...erased, ...ended, ...asked];
}

function askedLines({ asked_at, due_at }: AskedPart, words: Translator, now: Date): readonly string[] {
  return [
    words.t("case.asked.on", moment(asked_at, words, now)),
    words.t("case.receipt.due", moment(due_at, words, now)),
  ];
}

function erasedLines(part: ErasedPart, words: Translator, now: Date): readonly string[] {
  const { kinds, asked_at, erased_at } = part;
  const asked = asked_at ? [words.t("case.asked.on", moment(asked_at, words, now))] : [];
  const erased = words.t("case.receipt.erased", { ...moment(erased_at, words, now), kinds: kindWords(kinds, words) });
  return [...asked, erased, copiesLine(part, words, now)];
}

/** Copies of a database outlive what is erased in it; the exchange destroys the keys that open them, and says by when. */
function copiesLine({ is_unreadable, unreadable_by }: ErasedPart, words: Translator, now: Date): string {
  if (is_unreadable) return words.t("case.receipt.copies.gone");
  const isLate = new Date(unreadable_by) <= now;
  return words.t(isLate ? "case.receipt.copies.late" : "case.receipt.copies.until", moment(unreadable_by, words, now));
}

/** What is kept for a time after the end of a case is not erased yet, and must not be said to be. */
function endedLines({ kinds, ended_at, erased_by }: EndedPart, words: Translator, now: Date): readonly string[] {
  const ended = words.t("case.receipt.ended", { ...moment(ended_at, words, now), kinds: kindWords(kinds, words) });
  return [ended, words.t("case.receipt.ended.until", moment(erased_by, words, now))];
}

function kindWords(kinds: ErasedPart["kinds"], { t }: Translator): string {
  return kinds.map((kind) => t(`case.kind.${kind}`)).join(", ");
}

function partLines(
  { partners }: ErasedPart | EndedPart,
  first: readonly string[],
  words: Translator,
  now: Date,
): readonly string[] {
  const { t } = words;
  const lines = [...first];
  if (partners.length === 0) return [...lines, t("case.receipt.nobody")];
  for (const { partner, given_on, confirmed_at } of partners) {
    lines.push(t("case.partner.given", { date: dayWords(given_on, words, now), partner }));
    if (confirmed_at === null) lines.push(t("case.receipt.waiting", { partner }));
    else lines.push(t("case.withdrawal.confirmed", { ...moment(confirmed_at, words, now), partner }));
  }
  return lines;
}

function moment(at: string, words: Translator, now: Date): Values {
  const when = new Date(at);
  return { date: words.date(when, now), time: words.time(when) };
}
