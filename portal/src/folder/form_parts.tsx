// SPDX-License-Identifier: Apache-2.0
/* What is needed at the site's own form: the way there, and the notice in the parts that a form asks for. */

import { download } from "../island/download";
import { ActionButton } from "../island/parts";
import { useWords } from "../island/words";
import type { Translator } from "../messages/translator";
import { article16Notice } from "../notice/article_16";
import type { Notice } from "../notice/notice";
import type { Platform, Regime } from "../notice/regime";
import type { noticeParts } from "../notice/text";
import { CopiedText } from "./copy";

interface WaysProps {
  readonly regime: Regime;
  readonly platform: Platform | undefined;
}

/** Where the notice goes: the form of the site and the way within its app, or the regulator. */
export function Ways({ regime, platform }: WaysProps) {
  const { t } = useWords();
  return (
    <>
      {regime.to === "regulator" ? <p>{t("notice.text.form_regulator")}</p> : null}
      {regime.to === "platform" && platform?.report_url && (
        <p>
          <a class="line-link" href={platform.report_url} rel="noreferrer">
            {t("notice.text.form", { name: platform.name })}
          </a>
        </p>
      )}
      {regime.to === "platform" && platform?.in_app_path && (
        <p data-in-app>
          {t("sites.app")} <span lang="en">{platform.in_app_path}</span>.
        </p>
      )}
      {regime.to === "regulator" && (
        <ul class="short-services">
          {regime.escalation.map(({ id, name, url }) => (
            <li key={id}>
              {url === null ? (
                name
              ) : (
                <a href={url} rel="noreferrer">
                  {name}
                </a>
              )}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

interface PartsProps {
  readonly parts: ReturnType<typeof noticeParts>;
  readonly language: string;
}

/** For a form with a box for each: headings in the person's language, texts in the site's. */
export function FormParts({ parts, language }: PartsProps) {
  const { t } = useWords();
  return (
    <section data-parts>
      <h2>{t("notice.parts.title")}</h2>
      <p>{t("notice.parts.lead")}</p>
      {parts.map(({ part, text }) => {
        const title = t(`notice.part.${part}`);
        return (
          <section class="notice-part" key={part} data-part={part}>
            <h3>{title}</h3>
            <CopiedText
              title={title}
              text={text}
              language={language}
              copy={t("notice.parts.copy", { part: title })}
              copied={t("notice.parts.copied", { part: title })}
              name="part-text"
            />
          </section>
        );
      })}
    </section>
  );
}

interface DataProps {
  readonly notice: Notice;
  readonly regime: Regime;
  /** The words of the language that the site is written to in. */
  readonly site: Translator;
}

/** The notice as data, for the few who ask for it, where its law has a form for that. */
export function AsData({ notice, regime, site }: DataProps) {
  const { t } = useWords();
  if (regime.data === null) return null;
  const save = (): void => {
    const text = JSON.stringify(article16Notice(notice, regime, site), null, 2);
    const bytes = new TextEncoder().encode(`${text}\n`);
    download(bytes, `notice-${new Date().toISOString().slice(0, 10)}.json`, "application/json");
  };
  return (
    <section data-as-data>
      <h2>{t("notice.data.title")}</h2>
      <p>{t("notice.data.lead")}</p>
      <ActionButton label={t("notice.data.save")} kind="second" onPress={save} />
    </section>
  );
}
