// SPDX-License-Identifier: Apache-2.0
/* The text of a notice in a language: the regime's parts in order, with what the person filled in, and nothing invented. */

import type { MessageKey } from "../messages/keys";
import type { Translator } from "../messages/translator";
import { CIRCUMSTANCES, type Notice } from "./notice";
import type { Regime, Sentence } from "./regime";

/** Return the subject and the body of a notice. */
export function noticeText(
  notice: Notice,
  regime: Regime,
  { t }: Translator,
): { readonly subject: string; readonly body: string } {
  const { fields } = notice;
  const to = notice.platform_name;
  const word = (key: string, values = {}): string => t(key as MessageKey, values);
  const labelled = (key: MessageKey, text: string): string => (text.trim() === "" ? "" : `${t(key)}\n${text.trim()}`);
  const contact = [fields.name, fields.email, fields.phone, fields.address]
    .filter((text) => text.trim() !== "")
    .join("\n");
  const parts: { readonly [part: string]: () => string } = {
    opening: () => word(`notice.opening.${regime.id}`, { to }),
    who: () =>
      fields.role === "authorised"
        ? t("notice.text.authorised", { authority: fields.authority.trim() })
        : t("notice.text.self"),
    where: () => labelled("notice.text.where", fields.locations.join("\n")),
    what: () => labelled("notice.text.what", fields.description),
    circumstances: () => saidOf(notice, regime, t).join(" "),
    reasons: () => labelled("notice.text.reasons", fields.reasons),
    facts: () => labelled("notice.text.facts", fields.facts),
    declares: () => (fields.states_intimate ? t("notice.text.declares") : ""),
    no_consent: () => (fields.states_no_consent ? t("notice.text.no_consent") : ""),
    good_faith: () =>
      [fields.states_good_faith && t("notice.text.good_faith"), fields.states_accurate && t("notice.text.accurate")]
        .filter(Boolean)
        .join(" "),
    copies: () => word(`notice.copies.${regime.id}`),
    identity: () =>
      fields.may_tell_author === ""
        ? ""
        : t(fields.may_tell_author === "yes" ? "notice.text.identity.yes" : "notice.text.identity.no"),
    receipt: () => t("notice.text.receipt"),
    clock: () => word(`notice.clock.${regime.id}`),
    contact: () => labelled("notice.text.contact", contact),
    signature: () =>
      fields.signature.trim() === "" ? "" : t("notice.text.signature", { signature: fields.signature.trim() }),
  };
  const body = regime.text.map((part) => parts[part]?.() ?? "").filter((part) => part !== "");
  return { subject: word(`notice.subject.${regime.id}`), body: body.join("\n\n") };
}

/** Return what is said of the content beside the person's own words: each circumstance, then what a law says of it. */
export function saidOf({ fields, country }: Notice, regime: Regime, t: Translator["t"]): readonly string[] {
  const isTrue = (when: Sentence["when"]): boolean => (when === "is_real" ? !fields.is_fake : fields[when]);
  const lawful = regime.sentences.filter(
    ({ when, only }) => isTrue(when) && (only === null || only === country) && !fields.is_under_18,
  );
  return [
    ...CIRCUMSTANCES.filter((name) => fields[name]).map((name) => t(`notice.text.${name}`)),
    ...lawful.map(({ when, only }) =>
      t(only === null ? `notice.says.${regime.id}.${when}` : `notice.says.${regime.id}.${only}.${when}`),
    ),
  ];
}

/** Return the text for the next place: what was sent, when, to whom, and that the time is over. */
export function escalationText(
  notice: Notice,
  regime: Regime,
  translator: Translator,
  day: (moment: Date) => string,
): string {
  const { t } = translator;
  const { body } = noticeText(notice, regime, translator);
  const sent = day(new Date(notice.sent_at));
  return [
    t(regime.to === "regulator" ? "notice.escalate.opening.regulator" : "notice.escalate.opening", {
      to: notice.platform_name,
      sent,
    }),
    t(
      notice.outcome === "refused"
        ? "notice.escalate.refused"
        : regime.clock?.for === "passing_on"
          ? "notice.escalate.not_passed_on"
          : "notice.escalate.silent",
    ),
    notice.answer.trim() === "" ? "" : `${t("notice.escalate.answer")}\n${notice.answer.trim()}`,
    `${t("notice.escalate.text")}\n\n${body}`,
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}
