// SPDX-License-Identifier: Apache-2.0
/* One button that lets an open case end later, and a warning where it ends soon. */

import { useState } from "preact/hooks";
import { ActionButton, ExchangeProblem } from "../island/parts";
import { useWords } from "../island/words";
import type { CaseKey } from "../wire/case_key";
import { codeOf, renewCase, send, type ErrorCode } from "../wire/requests";
import type { CaseView } from "../wire/types";
import { canRenew, endsSoon } from "./term";

interface Props {
  readonly caseKey: CaseKey;
  readonly view: CaseView;
  readonly onRenewed: (view: CaseView) => void;
}

export function Renewal({ caseKey, view, onRenewed }: Props) {
  const { t, date } = useWords();
  const [isWorking, setWorking] = useState(false);
  const [problem, setProblem] = useState<ErrorCode | null>(null);
  const now = new Date();
  if (!canRenew(view, now)) return null;
  const press = async (): Promise<void> => {
    setWorking(true);
    setProblem(null);
    try {
      onRenewed(await send(renewCase(caseKey.authorization)));
    } catch (error) {
      setProblem(codeOf(error));
    }
    setWorking(false);
  };
  const isSoon = endsSoon(view, now);
  return (
    <div class={isSoon ? "notice" : undefined} data-renewal={isSoon ? "soon" : "open"}>
      {isSoon && <p>{t("case.renew.soon", { date: date(new Date(view.expires_at), now) })}</p>}
      {problem !== null && <ExchangeProblem code={problem} />}
      <ActionButton
        kind={isSoon ? "first" : "second"}
        label={t(isWorking ? "case.renew.working" : "case.renew.button")}
        isBusy={isWorking}
        onPress={() => void press()}
      />
    </div>
  );
}
