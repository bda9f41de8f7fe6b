// SPDX-License-Identifier: Apache-2.0
/* A receipt in plain words and dates. Pure. What is signed is the exchange's own text, not this. */

import type { Translator, Values } from "../messages/translator";
import { fileName } from "../protect/file_words";
import type { ErasedPart, Receipt } from "../wire/types";
import { typeOfKinds } from "./case_files";

export interface ReceiptPart {
  readonly name: string;
  readonly lines: readonly string[];
}

/** Return what is said of the case as a whole, one sentence per line. */
export function receiptLines(receipt: Receipt, words: Translator, now: Date): readonly string[] {
  const made = words.t("case.receipt.made", { ...moment(receipt.made_at, words, now), reference: receipt.reference });
  const kept = receipt.kept === 0 ? [] : [words.plural("case.receipt.kept", receipt.kept)];
  const told = receipt.kept_to_tell === 0 ? [] : [words.plural("case.receipt.to_tell", receipt.kept_to_tell)];
  return [made, ...kept, ...told];
}

/** Return what is said of each part that was erased. */
export function receiptParts(receipt: Receipt, words: Translator, now: Date): readonly ReceiptPart[] {
  return receipt.erased.map((part) => ({
    name: fileName({ type: typeOfKinds(part.kinds), number: part.file_number }, words),
    lines: partLines(part, words, now),
  }));
}

function partLines({ kinds, erased_at, partners }: ErasedPart, words: Translator, now: Date): readonly string[] {
  const { t } = words;
  const named = kinds.map((kind) => t(`case.kind.${kind}`)).join(", ");
  const lines = [t("case.receipt.erased", { ...moment(erased_at, words, now), kinds: named })];
  if (partners.length === 0) return [...lines, t("case.receipt.nobody")];
  for (const { partner, given_at, confirmed_at } of partners) {
    lines.push(t("case.partner.given", { ...moment(given_at, words, now), partner }));
    if (confirmed_at === null) lines.push(t("case.receipt.waiting", { partner }));
    else lines.push(t("case.withdrawal.confirmed", { ...moment(confirmed_at, words, now), partner }));
  }
  return lines;
}

function moment(at: string, words: Translator, now: Date): Values {
  const when = new Date(at);
  return { date: words.date(when, now), time: words.time(when) };
}
