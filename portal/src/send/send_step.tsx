// SPDX-License-Identifier: Apache-2.0
/*
 * The last step before anything leaves the device: the whole request on the page, and a button that says what it does.
 * Trying again sends the same bytes, which the exchange answers with the same case.
 */

import { useState } from "preact/hooks";
import { ExactBytes } from "../island/exact_bytes";
import { ActionButton, BackButton, ExchangeProblem, Heading } from "../island/parts";
import { useWords } from "../island/words";
import { codeOf, type ErrorCode, type PreparedRequest } from "../wire/requests";
import type { CaseView } from "../wire/types";
import { sendWithWork } from "./work";

interface Props {
  readonly request: PreparedRequest;
  readonly label: string;
  readonly onSent: (view: CaseView) => void;
  readonly onBack: () => void;
  /** Where a problem has a better way on than trying again. */
  readonly nextActionOf?: (code: ErrorCode) => { readonly label: string; readonly onPress: () => void } | null;
}

export function SendStep({ request, label, onSent, onBack, nextActionOf }: Props) {
  const { t } = useWords();
  const [isSending, setSending] = useState(false);
  const [work, setWork] = useState<number | null>(null);
  const [problem, setProblem] = useState<ErrorCode | null>(null);
  const press = async (): Promise<void> => {
    setSending(true);
    setProblem(null);
    try {
      onSent(await sendWithWork(request, setWork));
    } catch (error) {
      setProblem(codeOf(error));
      setSending(false);
      setWork(null);
    }
  };
  const nextAction = problem === null ? null : (nextActionOf?.(problem) ?? null);
  const wanted = problem === null ? label : t("protect.send.again");
  return (
    <>
      <Heading>{t("protect.send.title")}</Heading>
      <p class="lead">{t("protect.send.lead")}</p>
      <ExactBytes request={request} />
      {problem !== null && <ExchangeProblem code={problem} />}
      <p role="status" class="visually-hidden">
        {isSending ? t("protect.send.sending") : ""}
      </p>
      {work !== null && <Work share={work} />}
      <div class="actions">
        {nextAction && <ActionButton label={nextAction.label} onPress={nextAction.onPress} />}
        <ActionButton
          label={isSending ? t("protect.send.sending") : wanted}
          isBusy={isSending}
          onPress={() => void press()}
        />
        <BackButton onBack={onBack} />
      </div>
    </>
  );
}

/** Said once for ears; the bar is for eyes. */
function Work({ share }: { readonly share: number }) {
  const { t } = useWords();
  return (
    <div class="notice" data-work={Math.round(share * 100)}>
      <p role="status">{t("protect.send.work")}</p>
      <progress aria-label={t("protect.send.work.progress")} value={share} max={1} />
    </div>
  );
}
