// SPDX-License-Identifier: Apache-2.0
/* The next step when a notice did not help: who, and a text with the proof. */

import { useState } from "preact/hooks";
import { Field } from "../island/field";
import { ActionButton } from "../island/parts";
import { pageAddress } from "../island/page_address";
import { useWords } from "../island/words";
import type { Notice } from "../notice/notice";
import { nextSteps, type Contact, type Regime } from "../notice/regime";
import { escalationText } from "../notice/text";
import { CopiedText } from "./copy";
import { useSiteWords } from "./site_words";

interface Props {
  readonly notice: Notice;
  readonly regime: Regime;
  readonly onChange: (notice: Notice) => void;
}

export function Escalation({ notice, regime, onChange }: Props) {
  const words = useWords();
  const { t } = words;
  const [answer, setAnswer] = useState(notice.answer);
  const stamp = (moment: Date): string =>
    moment
      .toISOString()
      .replace("T", " ")
      .replace(/\.\d+Z$/, " UTC");
  const { site } = useSiteWords(notice);
  const text = escalationText(notice, regime, site, stamp);
  return (
    <section data-escalation={regime.id}>
      <h3>{t("notice.escalate.title")}</h3>
      <Authorities contacts={nextSteps(regime, notice.country)} />
      <a class="line-link" href={pageAddress("/help/")}>
        {t("notice.escalate.help")}
      </a>
      <Field label={t("notice.card.answer")} isLong value={answer} onChange={setAnswer} />
      {answer !== notice.answer && (
        <ActionButton
          label={t("notice.card.answer.keep")}
          kind="second"
          onPress={() => onChange({ ...notice, answer })}
        />
      )}
      <p>{t("notice.escalate.lead")}</p>
      <CopiedText
        title={t("notice.escalate.title")}
        text={text}
        language={site.locale}
        copy={t("notice.escalate.copy")}
        name="escalation-text"
      />
    </section>
  );
}

function Authorities({ contacts }: { readonly contacts: readonly Contact[] }) {
  const { t } = useWords();
  return (
    <ul class="short-services">
      {contacts.map(({ id, name, country, phones, url }) => (
        <li key={id} data-service={id}>
          <strong lang="en">{name}</strong> <span class="soft">({t(`country.${country}`)})</span>
          <span class="ways">
            {phones.map((number) => (
              <a key={number} href={`tel:${number.replaceAll(/[ -]/g, "")}`}>
                <span>
                  {t("service.ring")} <bdi dir="ltr">{number}</bdi>
                </span>
              </a>
            ))}
            {url !== null && (
              <a href={url} rel="noreferrer">
                {t("service.site", { name: new URL(url).hostname.replace(/^www\./, "") })}
              </a>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}
