// SPDX-License-Identifier: Apache-2.0
/*
 * Filling in a notice: only what its regime asks for or its text can hold. What is missing is named when the person asks for the check;
 * what was written is kept either way.
 */

import { useState } from "preact/hooks";
import { Field } from "../island/field";
import { ActionButton, BackButton, Heading } from "../island/parts";
import { pageAddress } from "../island/page_address";
import { useWords } from "../island/words";
import { withNotice } from "../log/folder";
import { CIRCUMSTANCES, STATEMENTS, type Fields, type Notice, type NoticeText } from "../notice/notice";
import type { Regime } from "../notice/regime";
import { saidOf } from "../notice/text";
import { badLocations, missing } from "../notice/validate";
import { Options, Tick } from "./fields";
import { Locations } from "./locations";
import { FolderTrouble } from "./problem";
import type { FolderState, OpenFolder } from "./state";

interface Props {
  readonly state: FolderState;
  readonly open: OpenFolder;
  readonly notice: Notice;
  readonly regime: Regime;
  readonly onNotice: (notice: Notice) => void;
  readonly onComplete: () => void;
  readonly onBack: () => void;
}

const LONG: ReadonlySet<NoticeText> = new Set(["address", "description", "reasons", "facts", "authority"]);
const TYPES = { email: "email", phone: "tel" } as const;

export function Fill({ state, open, notice, regime, onNotice, onComplete, onBack }: Props) {
  const { t } = useWords();
  const [checked, setChecked] = useState<readonly string[] | null>(null);
  const [isBusy, setBusy] = useState(false);
  const { fields } = notice;
  const set = (change: Partial<Fields>): void => onNotice({ ...notice, fields: { ...fields, ...change } });
  const check = async (): Promise<void> => {
    const left = missing(fields, regime);
    setChecked(left);
    setBusy(true);
    const isKept = (await state.change((now) => withNotice(now, notice))) !== null;
    setBusy(false);
    if (isKept && left.length === 0) onComplete();
  };
  return (
    <>
      <Heading>{t("notice.fill.title", { to: notice.platform_name })}</Heading>
      <p class="lead">{t("notice.fill.lead")}</p>
      <Rules regime={regime} />
      <RoleField fields={fields} onSet={set} />
      <Locations entries={open.folder.entries} notice={notice} onSet={set} />
      <Circumstances notice={notice} regime={regime} onSet={set} />
      {shownTexts(regime).map((name) => (
        <TextField key={name} name={name} fields={fields} onSet={set} />
      ))}
      <Statements regime={regime} fields={fields} onSet={set} />
      {fields.is_under_18 && (
        <p class="slip">
          {t("notice.under18")} <a href={pageAddress("/under-18/")}>{t("notice.under18.link")}</a>
        </p>
      )}
      {checked !== null && <Missing elements={checked} bad={badLocations(fields)} />}
      <FolderTrouble problem={state.problem} />
      <div class="actions">
        <ActionButton label={t("notice.check")} isBusy={isBusy} onPress={() => void check()} />
        <BackButton onBack={onBack} />
      </div>
    </>
  );
}

interface FieldsProps {
  readonly fields: Fields;
  readonly onSet: (change: Partial<Fields>) => void;
}

function TextField({ name, fields, onSet }: FieldsProps & { readonly name: NoticeText }) {
  const { t } = useWords();
  return (
    <Field
      label={t(`notice.field.${name}`)}
      name={name}
      isLong={LONG.has(name)}
      type={name === "email" || name === "phone" ? TYPES[name] : "text"}
      value={fields[name]}
      onChange={(value) => onSet({ [name]: value })}
    />
  );
}

function RoleField({ fields, onSet }: FieldsProps) {
  const { t } = useWords();
  return (
    <>
      <Options
        label={t("notice.field.role")}
        name="role"
        value={fields.role}
        options={[
          ["self", t("notice.field.role.self")],
          ["authorised", t("notice.field.role.authorised")],
        ]}
        onChange={(value) => onSet({ role: value === "self" ? "self" : "authorised" })}
      />
      {fields.role === "authorised" && <TextField name="authority" fields={fields} onSet={onSet} />}
    </>
  );
}

/** What is true of the content, and what the notice says because of it, in the person's language. */
function Circumstances({ notice, regime, onSet }: Omit<FieldsProps, "fields"> & Pick<Props, "notice" | "regime">) {
  const { t } = useWords();
  const said = saidOf(notice, regime, t);
  return (
    <fieldset class="options">
      <legend class="field-label">{t("notice.field.circumstances")}</legend>
      {CIRCUMSTANCES.map((name) => (
        <Tick
          key={name}
          label={t(`notice.field.${name}`)}
          name={name}
          checked={notice.fields[name]}
          onChange={(value) => onSet({ [name]: value })}
        />
      ))}
      {said.length > 0 && (
        <div class="slip" role="status" data-says>
          <p>{t("notice.fill.says")}</p>
          <p>{said.join(" ")}</p>
        </div>
      )}
    </fieldset>
  );
}

function Statements({ regime, fields, onSet }: FieldsProps & { readonly regime: Regime }) {
  const { t } = useWords();
  return (
    <>
      {regime.elements.some(({ rule }) => rule.all.includes("may_tell_author")) && (
        <Options
          label={t("notice.field.may_tell_author")}
          name="may_tell_author"
          value={fields.may_tell_author}
          options={[
            ["yes", t("notice.field.may_tell_author.yes")],
            ["no", t("notice.field.may_tell_author.no")],
          ]}
          onChange={(value) => onSet({ may_tell_author: value === "yes" ? "yes" : "no" })}
        />
      )}
      {shownStatements(regime).map((name) => (
        <Tick
          key={name}
          label={t(`notice.field.${name}`)}
          name={name}
          checked={fields[name]}
          onChange={(value) => onSet({ [name]: value })}
        />
      ))}
    </>
  );
}

function Rules({ regime }: { readonly regime: Regime }) {
  const { t, date } = useWords();
  const { source } = regime;
  return (
    <>
      {regime.unverified.map((one) => (
        <p class="slip" key={one}>
          {t(`notice.unverified.${one}`)}
        </p>
      ))}
      <p class="small soft">
        {t("notice.source", { title: source.title, date: date(new Date(source.reviewed), new Date(0)) })}{" "}
        {t("notice.not_advice")}
      </p>
    </>
  );
}

function Missing({ elements, bad }: { readonly elements: readonly string[]; readonly bad: readonly string[] }) {
  const { t } = useWords();
  if (elements.length === 0) return null;
  return (
    <div class="notice" role="alert" data-missing={elements.join(" ")}>
      <h2>{t("notice.missing.title")}</h2>
      <p>{t("notice.missing.text")}</p>
      <ul>
        {elements.map((element) => (
          <li key={element}>{t(`notice.missing.${element}`)}</li>
        ))}
        {bad.map((text) => (
          <li key={text}>{t("notice.bad_location", { text: text.slice(0, 120) })}</li>
        ))}
      </ul>
    </div>
  );
}

/** Texts that the regime asks for or that its text has a place for, in the order of the form. */
function shownTexts(regime: Regime): readonly NoticeText[] {
  const asked = new Set(regime.elements.flatMap(({ rule }) => [...rule.all, ...rule.any]));
  const inText = new Set(regime.text);
  const order: readonly (readonly [NoticeText, boolean])[] = [
    ["description", inText.has("what")],
    ["reasons", inText.has("reasons")],
    ["facts", inText.has("facts")],
    ["name", inText.has("contact")],
    ["email", inText.has("contact")],
    ["phone", false],
    ["address", false],
    ["signature", inText.has("signature")],
  ];
  return order.filter(([name, isInText]) => isInText || asked.has(name)).map(([name]) => name);
}

function shownStatements(regime: Regime): readonly (typeof STATEMENTS)[number][] {
  const asked = new Set(regime.elements.flatMap(({ rule }) => [...rule.all, ...rule.any, rule.unless ?? ""]));
  const inText: { readonly [name: string]: string } = {
    states_intimate: "declares",
    states_no_consent: "no_consent",
    states_good_faith: "good_faith",
    states_accurate: "good_faith",
  };
  return STATEMENTS.filter((name) => asked.has(name) || regime.text.includes(inText[name] ?? "-"));
}
