// SPDX-License-Identifier: Apache-2.0
/* After sending: what did happen, and what happens next. */

import { ActionButton, Heading } from "../island/parts";
import { isDelayed } from "../case/asked";
import { Reminding } from "../case/reminding";
import { useWords } from "../island/words";
import type { CaseKey } from "../wire/case_key";
import type { CaseView } from "../wire/types";
import { KeyAsk } from "./key_ask";

interface Props {
  readonly caseKey: CaseKey;
  readonly view: CaseView;
  readonly onShow: () => void;
}

export function DoneStep({ caseKey, view, onShow }: Props) {
  const { t, date, time } = useWords();
  return (
    <>
      <Heading>{t("protect.done.title")}</Heading>
      <p class="lead">{t("protect.done.since", { time: time(new Date(view.opened_at)) })}</p>
      <h2>{t("protect.done.next")}</h2>
      <ol class="steps">
        <li>{t("protect.done.1")}</li>
        <li>{t("protect.done.2")}</li>
        <li>{t("protect.done.3")}</li>
        <li>
          {t(isDelayed(view) ? "protect.done.4.delayed" : "protect.done.4", {
            date: date(new Date(view.expires_at), new Date()),
          })}
        </li>
      </ol>
      <div class="actions">
        <ActionButton label={t("protect.done.case")} onPress={onShow} />
      </div>
      <KeyAsk caseKey={caseKey} />
      <Reminding view={view} />
      <p class="soft">{t("protect.done.close")}</p>
    </>
  );
}
