// SPDX-License-Identifier: Apache-2.0
/*
 * What partners did, in plain words and dates. Pure: the moment is a parameter, so that the words can be tested.
 */

import type { MessageKey } from "../messages/keys";
import type { Translator, Values } from "../messages/translator";
import type { CaseFingerprint, CaseView } from "../wire/types";
import { leftOf, type CaseFile } from "../files/case_files";
import { dayWords } from "./ledger_words";
import type { Decision, GivenVote, PartnerRecord } from "./partner_record";
import { endedWithCase, keptUntil } from "./term";

/** Return what one partner did about one file, one sentence per line. */
export function partnerLines(record: PartnerRecord, file: CaseFile, words: Translator, now: Date): string[] {
  const { partner, givenOn, foundOn, partOn, confirmedAt } = record;
  const lineOf = (key: MessageKey, day: string, more: Values = {}): string =>
    words.t(key, { partner, date: dayWords(day, words, now), ...more });
  const lines = givenOn === null ? [] : [givenLine(record, file, givenOn, lineOf)];
  lines.push(...record.decisions.map((decision) => decisionLine(decision, words, lineOf)));
  if (foundOn !== null) lines.push(lineOf("case.partner.found", foundOn));
  if (partOn !== null) lines.push(lineOf("case.partner.part", partOn));
  lines.push(...record.votes.map((vote) => voteLine(vote, words, lineOf)));
  if (file.state === "withdrawn") {
    if (confirmedAt !== null)
      lines.push(words.t("case.withdrawal.confirmed", { partner, ...momentOf(confirmedAt, words, now) }));
    else if (givenOn !== null) lines.push(words.t("case.withdrawal.waiting", { partner }));
  } else if (lines.length === 0) {
    lines.push(words.t("case.partner.not_given", { partner }));
  }
  return lines;
}

type LineOf = (key: MessageKey, day: string, more?: Values) => string;

/** Not every service can use every kind, so it is said where one has only a part. */
function givenLine({ givenCount }: PartnerRecord, { fingerprints }: CaseFile, givenOn: string, lineOf: LineOf): string {
  const count = fingerprints.length;
  return givenCount < count
    ? lineOf("case.partner.given_part", givenOn, { given: givenCount, count })
    : lineOf("case.partner.given", givenOn);
}

function decisionLine({ kind, on, reason }: Decision, words: Translator, lineOf: LineOf): string {
  if (kind === "removed") return lineOf("case.partner.removed", on);
  return lineOf("case.partner.not_removed", on, { reason: reason ? words.t(`case.reason.${reason}`) : "" });
}

function voteLine({ kind, on, reason }: GivenVote, words: Translator, lineOf: LineOf): string {
  return kind === "agree"
    ? lineOf("case.vote.agree", on)
    : lineOf("case.vote.disagree", on, { reason: reason ? words.t(`case.vote.reason.${reason}`) : "" });
}

/** Say whether any partner found a copy of this file, or something that looks like a part of it. */
export function isFound(file: CaseFile): boolean {
  const statuses = file.fingerprints.flatMap((fingerprint) => fingerprint.partners);
  return statuses.some((status) => status.found_on || status.part_on || status.removed_on || status.not_removed_on);
}

/** Return how much of a file is withdrawn or on hold, where it is not simply looked for. */
export function stateWords({ state, fingerprints }: CaseFile, words: Translator): readonly string[] {
  // What went with the end of its case was not withdrawn by anybody.
  if (state === "withdrawn")
    return [words.t(fingerprints.some(endedWithCase) ? "case.withdrawal.ended" : "case.withdrawal.withdrawn")];
  const left = leftOf(fingerprints);
  const held = left.filter((fingerprint) => fingerprint.state === "suspended").length;
  const lines: string[] = [];
  if (left.length < fingerprints.length) {
    lines.push(
      words.t("case.withdrawal.part", { withdrawn: fingerprints.length - left.length, count: fingerprints.length }),
    );
  }
  if (held > 0) lines.push(words.t(held < left.length ? "case.suspended.part" : "case.suspended"));
  const reasons = new Set(left.flatMap(({ suspended_for }) => (suspended_for ? [suspended_for] : [])));
  lines.push(...[...reasons].map((reason) => words.t(`case.suspended.${reason}`)));
  return lines;
}

/** How many partners were given one of these fingerprints, and how many of them confirmed all withdrawals among them. */
export function countPartners(fingerprints: readonly CaseFingerprint[]): {
  readonly given: number;
  readonly confirmed: number;
} {
  const open = new Map<string, boolean>();
  for (const fingerprint of fingerprints) {
    for (const status of fingerprint.partners) {
      if (!status.given_on) continue;
      const isWaiting = fingerprint.state !== "withdrawn" || !status.withdrawal_confirmed_at;
      open.set(status.partner, (open.get(status.partner) ?? false) || isWaiting);
    }
  }
  const confirmed = [...open.values()].filter((isWaiting) => !isWaiting).length;
  return { given: open.size, confirmed };
}

/** Return how far the withdrawal of these fingerprints has come. */
export function withdrawalWords(fingerprints: readonly CaseFingerprint[], words: Translator): string {
  const { given, confirmed } = countPartners(fingerprints);
  if (given === 0) return words.t("case.withdrawal.nobody");
  if (confirmed === given) return words.plural("case.withdrawal.all", given);
  if (confirmed === 0) return words.plural("case.withdrawal.none", given);
  return words.t("case.withdrawal.some", { confirmed, count: given });
}

/** Return the sentences under the heading of a case. */
export function summaryLines(view: CaseView, words: Translator, now: Date): string[] {
  const day = (moment: string): Values => momentOf(moment, words, now);
  if (view.state === "expired") {
    const until = keptUntil(view);
    if (until === null) return [words.t("case.expired_on", day(view.expires_at))];
    return [
      words.t("case.expired_kept", { ...day(view.expires_at), until: words.date(until, now), time: words.time(until) }),
    ];
  }
  if (view.state === "withdrawn") {
    const erased = view.withdrawn_at ? [words.t("case.withdrawn_on", day(view.withdrawn_at))] : [];
    return [withdrawalWords(view.fingerprints, words), ...erased];
  }
  const { given } = countPartners(view.fingerprints);
  const have = given === 0 ? words.t("case.have.none") : words.plural("case.have", given);
  return [have, words.t("case.until", day(view.expires_at))];
}

function momentOf(moment: string, words: Translator, now: Date): Values {
  const at = new Date(moment);
  return { date: words.date(at, now), time: words.time(at) };
}
