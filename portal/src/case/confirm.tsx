// SPDX-License-Identifier: Apache-2.0
/* Before a withdrawal: what will happen, calmly, and a way not to. */

import { useState } from "preact/hooks";
import { ActionButton, ExchangeProblem, Heading } from "../island/parts";
import { useWords } from "../island/words";
import type { MessageKey } from "../messages/keys";
import type { CaseKey } from "../wire/case_key";
import { ExchangeError, send, withdraw, type ErrorCode } from "../wire/requests";
import type { CaseView } from "../wire/types";

interface Props {
  readonly caseKey: CaseKey;
  readonly view: CaseView;
  /** The fingerprint to withdraw; null for the whole case. */
  readonly fingerprintId: string | null;
  readonly onDone: (view: CaseView) => void;
  readonly onKeep: () => void;
}

export function ConfirmStep({ caseKey, view, fingerprintId, onDone, onKeep }: Props) {
  const { t } = useWords();
  const [isWorking, setWorking] = useState(false);
  const [problem, setProblem] = useState<ErrorCode | null>(null);
  const number = view.fingerprints.find((fingerprint) => fingerprint.id === fingerprintId)?.file_number ?? 1;
  const isWhole = fingerprintId === null;
  const press = async (): Promise<void> => {
    setWorking(true);
    setProblem(null);
    try {
      onDone(await send(withdraw(caseKey.authorization, fingerprintId)));
    } catch (error) {
      setProblem(error instanceof ExchangeError ? error.code : "unknown");
      setWorking(false);
    }
  };
  const yes = t(isWhole ? "case.confirm.all.yes" : "case.confirm.one.yes", { number });
  return (
    <>
      <Heading>{t(isWhole ? "case.confirm.all.title" : "case.confirm.one.title", { number })}</Heading>
      <h2>{t("case.confirm.what")}</h2>
      <ul>
        {consequences(view, isWhole).map((key) => (
          <li key={key}>{t(key)}</li>
        ))}
      </ul>
      {problem !== null && <ExchangeProblem code={problem} />}
      <div class="actions">
        <ActionButton label={isWorking ? t("case.confirm.working") : yes} isBusy={isWorking} onPress={() => void press()} />
        <button type="button" class="button second" onClick={onKeep}>
          {t("case.confirm.no")}
        </button>
      </div>
    </>
  );
}

function consequences(view: CaseView, isWhole: boolean): readonly MessageKey[] {
  if (isWhole) return ["case.confirm.all.1", "case.confirm.2", "case.confirm.3", "case.confirm.all.last"];
  const isLast = view.fingerprints.filter((fingerprint) => fingerprint.state !== "withdrawn").length === 1;
  return ["case.confirm.1", "case.confirm.2", "case.confirm.3", isLast ? "case.confirm.last" : "case.confirm.one.later"];
}
