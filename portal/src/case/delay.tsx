// SPDX-License-Identifier: Apache-2.0
/*
 * Withdrawals that take three days, for who could be forced to withdraw: what is asked for with a way to cancel it, the switch, and the
 * step that says what switching on costs before it is done.
 */

import { useState } from "preact/hooks";
import { ActionButton, ExchangeProblem, Heading } from "../island/parts";
import { useWords } from "../island/words";
import { fileName } from "../files/file_words";
import type { CaseKey } from "../wire/case_key";
import { cancelWithdrawal, codeOf, send, setDelay, type ErrorCode, type PreparedRequest } from "../wire/requests";
import type { CaseView } from "../wire/types";
import { askedOf } from "./asked";
import type { CaseFile } from "../files/case_files";

interface Props {
  readonly caseKey: CaseKey;
  readonly view: CaseView;
  readonly onChanged: (view: CaseView) => void;
}

/** What is asked for in the whole case, and the way to take all of it back. */
export function AskedNotice({ caseKey, view, onChanged }: Props) {
  const { t, date, time } = useWords();
  const asked = view.state === "open" ? askedOf(view.fingerprints) : null;
  if (asked === null) return null;
  const now = new Date();
  const day = (at: Date) => ({ date: date(at, now), time: time(at) });
  return (
    <div class="notice" data-asked={asked.isAll ? "all" : "part"}>
      <h2>{t(asked.isAll ? "case.asked.all" : "case.asked.part")}</h2>
      <p>{t("case.asked.on", day(asked.askedAt))}</p>
      <p>
        <strong>{t("case.asked.due", day(asked.dueAt))}</strong> {t("case.asked.until")}
      </p>
      <p>{t("case.asked.not_you")}</p>
      <SendButton
        requests={[cancelWithdrawal(caseKey.authorization, null)]}
        label={t("case.asked.cancel")}
        kind="first"
        onSent={onChanged}
      />
    </div>
  );
}

interface FileProps extends Omit<Props, "view"> {
  readonly file: CaseFile;
}

/** Take back what is asked for of one file: one request per fingerprint, in order, safe to repeat. */
export function CancelFile({ caseKey, file, onChanged }: FileProps) {
  const words = useWords();
  const asked = file.fingerprints.filter(({ withdrawal_due_at }) => withdrawal_due_at);
  const requests = asked.map(({ id }) => cancelWithdrawal(caseKey.authorization, id));
  return (
    <SendButton
      requests={requests}
      label={words.t("case.asked.file.cancel", { name: fileName(file, words) })}
      kind="second"
      onSent={onChanged}
    />
  );
}

interface SettingProps extends Props {
  /** Switching on is explained first. */
  readonly onExplain: () => void;
}

/** Whether withdrawing takes three days, and how to change that. That it is ending is a notice, as somebody else may have done it. */
export function DelaySetting({ caseKey, view, onChanged, onExplain }: SettingProps) {
  const { t, date, time } = useWords();
  if (view.state !== "open") return null;
  const { delay = "off", delay_ends_at } = view;
  const now = new Date();
  const ends = delay_ends_at ? new Date(delay_ends_at) : now;
  return (
    <section class={delay === "ending" ? "notice" : undefined} data-delay={delay}>
      <h2>{t(delay === "ending" ? "case.delay.ending.title" : "case.delay.title")}</h2>
      <p>{t(`case.delay.${delay}`, { date: date(ends, now), time: time(ends) })}</p>
      {delay === "off" ? (
        <ActionButton kind="second" label={t("case.delay.off.button")} onPress={onExplain} />
      ) : (
        <SendButton
          requests={[setDelay(caseKey.authorization, delay === "ending")]}
          label={t(delay === "on" ? "case.delay.on.button" : "case.delay.ending.button")}
          kind="second"
          onSent={onChanged}
        />
      )}
    </section>
  );
}

/** Before it is switched on: when that is wise, and what it costs. */
export function DelayStep({
  caseKey,
  onSent,
  onBack,
}: {
  readonly caseKey: CaseKey;
  readonly onSent: (view: CaseView) => void;
  readonly onBack: () => void;
}) {
  const { t } = useWords();
  return (
    <>
      <Heading>{t("protect.delay.title")}</Heading>
      <p class="lead">{t("protect.delay.text")}</p>
      <DelayMeaning />
      <div class="actions">
        <SendButton
          requests={[setDelay(caseKey.authorization, true)]}
          label={t("protect.delay.choose")}
          kind="first"
          onSent={onSent}
        />
        <button type="button" class="button second" onClick={onBack}>
          {t("case.delay.leave")}
        </button>
      </div>
    </>
  );
}

/** When the delay is wise and what it costs, the same at opening and in the case. */
export function DelayMeaning() {
  const { t } = useWords();
  return (
    <>
      <p>{t("protect.delay.wise")}</p>
      <ul>
        <li>{t("protect.delay.cost.1")}</li>
        <li>{t("protect.delay.cost.2")}</li>
        <li>{t("protect.delay.cost.3")}</li>
        <li>{t("protect.delay.cost.4")}</li>
      </ul>
    </>
  );
}

interface SendProps {
  /** Sent one after the other; what the last one answers counts. */
  readonly requests: readonly PreparedRequest[];
  readonly label: string;
  readonly kind: "first" | "second";
  readonly onSent: (view: CaseView) => void;
}

/** A button that sends requests, which can be pressed again where it did not get through. */
export function SendButton({ requests, label, kind, onSent }: SendProps) {
  const { t } = useWords();
  const [isWorking, setWorking] = useState(false);
  const [problem, setProblem] = useState<ErrorCode | null>(null);
  const press = async (): Promise<void> => {
    setWorking(true);
    setProblem(null);
    try {
      let view: CaseView | null = null;
      for (const request of requests) view = await send(request);
      if (view !== null) onSent(view);
    } catch (error) {
      setProblem(codeOf(error));
    }
    setWorking(false);
  };
  return (
    <>
      {problem !== null && <ExchangeProblem code={problem} />}
      <ActionButton
        kind={kind}
        label={isWorking ? t("case.delay.working") : label}
        isBusy={isWorking}
        onPress={() => void press()}
      />
    </>
  );
}
