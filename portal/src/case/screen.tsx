// SPDX-License-Identifier: Apache-2.0
/*
 * A case behind its key: the overview, and from there withdrawing and adding. The key is in memory only; closing the
 * view forgets it.
 */

import { useState } from "preact/hooks";
import { useSteps } from "../island/steps";
import { useWords } from "../island/words";
import type { Translator } from "../messages/translator";
import type { CaseKey } from "../wire/case_key";
import type { CaseView } from "../wire/types";
import { AddSteps, isAdding, type AddStep } from "./add_steps";
import { askedOf } from "./asked";
import { ConfirmStep } from "./confirm";
import { LedgerStep } from "./ledger";
import { DelayStep } from "./delay";
import { Overview } from "./overview";
import { useOwnNames } from "./own_names";
import { ReceiptStep } from "./receipt";
import { withdrawalWords } from "./partner_words";
import { keptUntil } from "./term";
import { useWatch } from "./watch";
import { WhichStep } from "./which";
import { fingerprintsIn, type Target } from "./withdrawal";

type Step = "overview" | "confirm" | "receipt" | "ledger" | "delay" | "which" | AddStep;

interface Props {
  readonly caseKey: CaseKey;
  /** What was seen already; null to look first. */
  readonly first: CaseView | null;
  readonly onClose: () => void;
}

export function CaseScreen({ caseKey, first, onClose }: Props) {
  const words = useWords();
  const watch = useWatch(caseKey, first);
  const names = useOwnNames(caseKey, watch.view);
  const [target, setTarget] = useState<Target>(null);
  const [news, setNews] = useState<string | null>(null);
  const { step, go, back } = useSteps<Step>("overview", (one) => canShow(one, watch.view));
  const { view } = watch;
  const changed = (now: CaseView, sentence: string | null): void => {
    watch.take(now);
    setNews(sentence);
  };
  /** What was done is said once, on the overview; a closed case says it by itself. */
  const done = (now: CaseView, sentence: string | null): void => {
    changed(now, sentence);
    back();
  };
  if (step === "confirm" && view) {
    const withdrawn = (now: CaseView): void =>
      done(now, now.state === "open" ? withdrawalNews(now, target, words) : null);
    const confirm = { view, target, names, onPart: watch.take, onDone: withdrawn, onKeep: back };
    return <ConfirmStep caseKey={caseKey} {...confirm} />;
  }
  if (isAdding(step) && view)
    return <AddSteps caseKey={caseKey} before={view} step={step} go={go} back={back} onAdded={changed} />;
  if (step === "delay")
    return <DelayStep caseKey={caseKey} onSent={(now) => done(now, words.t("case.delay.done"))} onBack={back} />;
  if (step === "which" && view) return <WhichStep view={view} names={names} onBack={back} />;
  if (step === "receipt") return <ReceiptStep caseKey={caseKey} onBack={back} />;
  if (step === "ledger" && view) return <LedgerStep caseKey={caseKey} fingerprints={view.fingerprints} onBack={back} />;
  const start = (next: Step): void => {
    setNews(null);
    go(next);
  };
  const withdraw = (chosen: Target): void => {
    setTarget(chosen);
    start("confirm");
  };
  const renewed = (now: CaseView): void =>
    changed(now, words.t("case.renew.done", { date: words.date(new Date(now.expires_at), new Date()) }));
  return (
    <Overview
      caseKey={caseKey}
      watch={watch}
      names={names}
      news={news}
      onWithdraw={withdraw}
      onAdd={() => start("add_then")}
      onRenewed={renewed}
      onReceipt={() => start("receipt")}
      onLedger={() => start("ledger")}
      onWhich={() => start("which")}
      onDelay={() => start("delay")}
      onChanged={changed}
      onClose={onClose}
    />
  );
}

/** Withdrawing needs an open case or one whose values are still kept, and the delay an open one. */
function canShow(step: Step, view: CaseView | null): boolean {
  if (step !== "confirm" && step !== "delay") return true;
  return view?.state === "open" || (step === "confirm" && view !== null && keptUntil(view) !== null);
}

/** Return what is said after withdrawing, which may have been asking for it. */
function withdrawalNews(view: CaseView, target: Target, words: Translator): string {
  const asked = askedOf(fingerprintsIn(view, target));
  if (asked === null) return withdrawalWords(fingerprintsIn(view, target), words);
  return words.t("case.asked.said", { date: words.date(asked.dueAt, new Date()), time: words.time(asked.dueAt) });
}
