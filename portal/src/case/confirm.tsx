// SPDX-License-Identifier: Apache-2.0
/* Before a withdrawal: what will happen, calmly, and a way not to. */

import { useState } from "preact/hooks";
import { ActionButton, ExchangeProblem, Heading } from "../island/parts";
import { useWords } from "../island/words";
import type { MessageKey } from "../messages/keys";
import type { CaseKey } from "../wire/case_key";
import { codeOf, type ErrorCode } from "../wire/requests";
import type { CaseView } from "../wire/types";
import { isDelayed, withdrawable } from "./asked";
import { filesOf, leftOf, typeOfKinds } from "../files/case_files";
import { ownName, type OwnNames } from "./own_names";
import { fingerprintsIn, withdrawTarget, type Target } from "./withdrawal";

interface Props {
  readonly caseKey: CaseKey;
  readonly view: CaseView;
  readonly target: Target;
  readonly names: OwnNames;
  /** A part is withdrawn, and the next request is on its way. */
  readonly onPart: (view: CaseView) => void;
  readonly onDone: (view: CaseView) => void;
  readonly onKeep: () => void;
}

export function ConfirmStep({ caseKey, view, target, names, onPart, onDone, onKeep }: Props) {
  const words = useWords();
  const { t } = words;
  const [isWorking, setWorking] = useState(false);
  const [problem, setProblem] = useState<ErrorCode | null>(null);
  const press = async (): Promise<void> => {
    setWorking(true);
    setProblem(null);
    try {
      onDone(await withdrawTarget(caseKey, view, target, onPart));
    } catch (error) {
      setProblem(codeOf(error));
      setWorking(false);
    }
  };
  const kinds = fingerprintsIn(view, target).map((fingerprint) => fingerprint.kind);
  const name = target === null ? "" : ownName({ type: typeOfKinds(kinds), number: target }, names, words);
  const isEnded = view.state === "expired";
  const title = isEnded
    ? "case.confirm.expired.title"
    : target === null
      ? "case.confirm.all.title"
      : "case.confirm.one.title";
  const yes = isEnded
    ? t("case.confirm.expired.yes")
    : isDelayed(view)
      ? t("case.confirm.delayed.yes")
      : t(target === null ? "case.confirm.all.yes" : "case.confirm.one.yes", { name });
  return (
    <>
      <Heading>{t(title, { name })}</Heading>
      <h2>{t("case.confirm.what")}</h2>
      <ul>
        {consequences(view, target).map((key) => (
          <li key={key}>{t(key)}</li>
        ))}
      </ul>
      {problem !== null && <ExchangeProblem code={problem} />}
      {problem !== null && <Left view={view} target={target} />}
      <div class="actions">
        <ActionButton
          label={isWorking ? t("case.confirm.working") : yes}
          isBusy={isWorking}
          onPress={() => void press()}
        />
        <button type="button" class="button second" onClick={onKeep}>
          {t(isEnded ? "case.confirm.expired.no" : "case.confirm.no")}
        </button>
      </div>
    </>
  );
}

/** After a request failed: how much is withdrawn and how much is left. */
function Left({ view, target }: { readonly view: CaseView; readonly target: Target }) {
  const { t } = useWords();
  const all = fingerprintsIn(view, target);
  const left = withdrawable(view, all).length;
  if (left === 0 || left === all.length) return null;
  const key = isDelayed(view) ? "case.confirm.delayed.left" : "case.confirm.left";
  return <p data-left={left}>{t(key, { withdrawn: all.length - left, count: all.length })}</p>;
}

function consequences(view: CaseView, target: Target): readonly MessageKey[] {
  if (view.state === "expired") return ["case.confirm.all.1", "case.confirm.expired"];
  if (isDelayed(view))
    return ["case.confirm.delayed.1", "case.confirm.delayed.2", "case.confirm.delayed.3", "case.confirm.delayed.4"];
  if (target === null) return ["case.confirm.all.1", "case.confirm.2", "case.confirm.3", "case.confirm.all.last"];
  const isLast = filesOf(leftOf(view.fingerprints)).every((file) => file.number === target);
  return [
    "case.confirm.1",
    "case.confirm.2",
    "case.confirm.3",
    isLast ? "case.confirm.last" : "case.confirm.one.later",
  ];
}
