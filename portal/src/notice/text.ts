// SPDX-License-Identifier: Apache-2.0
/*
 * The text of a notice in a language, as a letter and in the parts that a form asks for: the regime's pieces in order, with what the person
 * filled in, and nothing invented.
 */

import type { MessageKey } from "../messages/keys";
import type { Translator } from "../messages/translator";
import { CIRCUMSTANCES, type Notice } from "./notice";
import type { Regime, Sentence } from "./regime";

/** A piece of a notice: the words before it in a letter, empty where it needs none, and the text itself. */
interface Piece {
  readonly label: string;
  readonly text: string;
}

/** The parts that sites' forms ask for, each with the pieces that belong into it. */
const FORM_PARTS = {
  what: ["what"],
  who: ["who"],
  where: ["where"],
  why: ["circumstances", "reasons", "facts", "no_consent"],
  ask: ["opening", "remove", "copies", "receipt", "clock"],
  declares: ["declares", "good_faith", "signature"],
  contact: ["contact", "identity"],
} as const satisfies Record<string, readonly string[]>;
export type FormPart = keyof typeof FORM_PARTS;

/** Return the subject and the body of a notice. */
export function noticeText(
  notice: Notice,
  regime: Regime,
  { t }: Translator,
): { readonly subject: string; readonly body: string } {
  const written = piecesOf(notice, regime, t).map(({ label, text }) => (label === "" ? text : `${label}\n${text}`));
  return { subject: t(`notice.subject.${regime.id}` as MessageKey), body: written.join("\n\n") };
}

/** Return the same in the parts that a form asks for, those that hold something; what was said in labels its headings say. */
export function noticeParts(
  notice: Notice,
  regime: Regime,
  { t }: Translator,
): readonly { readonly part: FormPart; readonly text: string }[] {
  const pieces = piecesOf(notice, regime, t);
  const parts = Object.keys(FORM_PARTS) as FormPart[];
  return parts.flatMap((part) => {
    const names: readonly string[] = FORM_PARTS[part];
    const texts = pieces.filter(({ name }) => names.includes(name)).map(({ text }) => text);
    return texts.length === 0 ? [] : [{ part, text: texts.join("\n\n") }];
  });
}

/** The regime's pieces in its order, those that hold something. */
function piecesOf(notice: Notice, regime: Regime, t: Translator["t"]): readonly (Piece & { readonly name: string })[] {
  const pieces = everyPiece(notice, regime, t);
  return regime.text.flatMap((name) => {
    const write = pieces[name];
    if (write === undefined) throw new Error(`regimes: ${regime.id} has the piece ${name}, which is not there`);
    const { label, text } = write();
    return text.trim() === "" ? [] : [{ name, label, text: text.trim() }];
  });
}

function everyPiece(notice: Notice, regime: Regime, t: Translator["t"]): { readonly [name: string]: () => Piece } {
  const { fields } = notice;
  const plain = (text: string): Piece => ({ label: "", text });
  const labelled = (key: MessageKey, text: string): Piece => ({ label: t(key), text });
  const own = (kind: string): Piece =>
    plain(t(`notice.${kind}.${regime.id}` as MessageKey, { to: notice.platform_name }));
  const said = (is: boolean, key: MessageKey): string => (is ? t(key) : "");
  return {
    opening: () => own("opening"),
    who: () => plain(whoOf(fields, t)),
    where: () => labelled("notice.text.where", fields.locations.join("\n")),
    what: () => labelled("notice.text.what", fields.description),
    circumstances: () => plain(saidOf(notice, regime, t).join(" ")),
    reasons: () => labelled("notice.text.reasons", fields.reasons),
    facts: () => labelled("notice.text.facts", fields.facts),
    declares: () => plain(said(fields.states_intimate, "notice.text.declares")),
    no_consent: () => plain(said(fields.states_no_consent, "notice.text.no_consent")),
    good_faith: () =>
      plain(
        [said(fields.states_good_faith, "notice.text.good_faith"), said(fields.states_accurate, "notice.text.accurate")]
          .filter((text) => text !== "")
          .join(" "),
      ),
    remove: () => plain(t("notice.text.remove")),
    copies: () => own("copies"),
    identity: () => plain(fields.may_tell_author === "" ? "" : t(`notice.text.identity.${fields.may_tell_author}`)),
    receipt: () => plain(t("notice.text.receipt")),
    clock: () => own("clock"),
    contact: () =>
      labelled(
        "notice.text.contact",
        [fields.name, fields.email, fields.phone, fields.address].filter((text) => text.trim() !== "").join("\n"),
      ),
    signature: () =>
      plain(fields.signature.trim() && t("notice.text.signature", { signature: fields.signature.trim() })),
  };
}

/** Only what the person stated: some regimes don't ask who writes. */
function whoOf({ role, authority }: Notice["fields"], t: Translator["t"]): string {
  if (role === "") return "";
  return role === "self" ? t("notice.text.self") : t("notice.text.authorised", { authority: authority.trim() });
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
