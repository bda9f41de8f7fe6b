// SPDX-License-Identifier: Apache-2.0
/*
 * What partners did, in plain words and dates. Pure: the moment is a parameter, so that the words can be tested.
 */

import type { MessageKey } from "../messages/keys";
import type { Translator, Values } from "../messages/translator";
import type { CaseFingerprint, CaseView, PartnerStatus } from "../wire/types";

/** Return what one partner did about one picture, one sentence per line. */
export function partnerLines(status: PartnerStatus, fingerprint: CaseFingerprint, words: Translator, now: Date): string[] {
  const said = (key: MessageKey, moment: string, more: Values = {}): string => {
    const at = new Date(moment);
    return words.t(key, { partner: status.partner, date: words.date(at, now), time: words.time(at), ...more });
  };
  const lines = status.given_at ? [said("case.partner.given", status.given_at)] : [];
  const outcome = outcomeLine(status, words, said);
  if (outcome) lines.push(outcome);
  if (fingerprint.state === "withdrawn") {
    if (status.withdrawal_confirmed_at) lines.push(said("case.withdrawal.confirmed", status.withdrawal_confirmed_at));
    else if (status.given_at) lines.push(words.t("case.withdrawal.waiting", { partner: status.partner }));
  } else if (lines.length === 0) {
    lines.push(words.t("case.partner.not_given", { partner: status.partner }));
  }
  return lines;
}

/** The latest decision, else what was found. */
function outcomeLine(
  status: PartnerStatus,
  words: Translator,
  said: (key: MessageKey, moment: string, more?: Values) => string,
): string | null {
  const { removed_at, not_removed_at, not_removed_reason, found_at } = status;
  const isLatestRemoved = removed_at && (!not_removed_at || Date.parse(removed_at) >= Date.parse(not_removed_at));
  if (isLatestRemoved) return said("case.partner.removed", removed_at);
  if (not_removed_at) {
    const reason = not_removed_reason ? words.t(`case.reason.${not_removed_reason}`) : "";
    return said("case.partner.not_removed", not_removed_at, { reason });
  }
  return found_at ? said("case.partner.found", found_at) : null;
}

/** Say whether any partner found a copy of this picture. */
export function isFound(fingerprint: CaseFingerprint): boolean {
  return fingerprint.partners.some((status) => status.found_at || status.removed_at || status.not_removed_at);
}

/** How many partners were given one of these pictures, and how many of them confirmed all withdrawals among them. */
export function countPartners(fingerprints: readonly CaseFingerprint[]): { readonly given: number; readonly confirmed: number } {
  const open = new Map<string, boolean>();
  for (const fingerprint of fingerprints) {
    for (const status of fingerprint.partners) {
      if (!status.given_at) continue;
      const isWaiting = fingerprint.state !== "withdrawn" || !status.withdrawal_confirmed_at;
      open.set(status.partner, (open.get(status.partner) ?? false) || isWaiting);
    }
  }
  const confirmed = [...open.values()].filter((isWaiting) => !isWaiting).length;
  return { given: open.size, confirmed };
}

/** Return how far the withdrawal of these pictures has come. */
export function withdrawalWords(fingerprints: readonly CaseFingerprint[], words: Translator): string {
  const { given, confirmed } = countPartners(fingerprints);
  if (given === 0) return words.t("case.withdrawal.nobody");
  if (confirmed === given) return words.plural("case.withdrawal.all", given);
  if (confirmed === 0) return words.plural("case.withdrawal.none", given);
  return words.t("case.withdrawal.some", { confirmed, count: given });
}

/** Return the sentences under the heading of a case. */
export function summaryLines(view: CaseView, words: Translator, now: Date): string[] {
  const day = (moment: string): Values => ({ date: words.date(new Date(moment), now), time: words.time(new Date(moment)) });
  if (view.state === "expired") return [words.t("case.expired_on", day(view.expires_at))];
  if (view.state === "withdrawn") {
    const erased = view.withdrawn_at ? [words.t("case.withdrawn_on", day(view.withdrawn_at))] : [];
    return [withdrawalWords(view.fingerprints, words), ...erased];
  }
  const { given } = countPartners(view.fingerprints);
  const have = given === 0 ? words.t("case.have.none") : words.plural("case.have", given);
  return [have, words.t("case.until", day(view.expires_at))];
}
