// SPDX-License-Identifier: Apache-2.0
/*
 * A case behind its key: the overview, and from there withdrawing and adding. The key is in memory only; closing the
 * view forgets it.
 */

import { useMemo, useState } from "preact/hooks";
import { useSteps } from "../island/steps";
import { useWords } from "../island/words";
import { goToUnder18 } from "../island/page_address";
import { Choice } from "../island/choice";
import { FileStep } from "../files/file_step";
import { useFiles } from "../files/files";
import { excessOf, fingerprintsOf, type Row } from "../files/rows";
import { SendStep } from "../send/send_step";
import type { Translator } from "../messages/translator";
import { BackButton } from "../island/parts";
import type { CaseKey } from "../wire/case_key";
import { addFingerprints, type PreparedRequest } from "../wire/requests";
import type { CaseView } from "../wire/types";
import { askedOf } from "./asked";
import { filesOf, type CaseFile } from "../files/case_files";
import { ConfirmStep } from "./confirm";
import { LedgerStep } from "./ledger";
import { DelayStep } from "./delay";
import { Overview } from "./overview";
import { ReceiptStep } from "./receipt";
import { withdrawalWords } from "./partner_words";
import { keptUntil } from "./term";
import { useWatch } from "./watch";
import { fingerprintsIn, type Target } from "./withdrawal";

type Step = "overview" | "confirm" | "receipt" | "ledger" | "delay" | "add_then" | "add_files" | "add_send";

interface Props {
  readonly caseKey: CaseKey;
  /** What was seen already; null to look first. */
  readonly first: CaseView | null;
  readonly onClose: () => void;
}

export function CaseScreen({ caseKey, first, onClose }: Props) {
  const words = useWords();
  const watch = useWatch(caseKey, first);
  const [target, setTarget] = useState<Target>(null);
  const [news, setNews] = useState<string | null>(null);
  const isOpen = (step: Step): boolean => {
    const isKept = watch.view !== null && keptUntil(watch.view) !== null;
    return (step !== "confirm" && step !== "delay") || watch.view?.state === "open" || (step === "confirm" && isKept);
  };
  const steps = useSteps<Step>("overview", isOpen);
  /** What was done is said once, on the overview; a closed case says it by itself. */
  const done = (view: CaseView, said: string | null): void => {
    watch.take(view);
    setNews(said);
    steps.back();
  };
  if (steps.step === "confirm" && watch.view) {
    const withdrawn = (view: CaseView): void => {
      done(view, view.state === "open" ? saidOf(view, target, words) : null);
    };
    return (
      <ConfirmStep
        caseKey={caseKey}
        view={watch.view}
        target={target}
        onPart={watch.take}
        onDone={withdrawn}
        onKeep={steps.back}
      />
    );
  }
  if (steps.step.startsWith("add_") && watch.view) {
    return (
      <AddSteps
        caseKey={caseKey}
        before={watch.view}
        step={steps.step}
        go={steps.go}
        back={steps.back}
        onAdded={addedWith(watch.take, setNews)}
      />
    );
  }
  if (steps.step === "delay") {
    return (
      <DelayStep caseKey={caseKey} onSent={(view) => done(view, words.t("case.delay.done"))} onBack={steps.back} />
    );
  }
  if (steps.step === "receipt") return <ReceiptStep caseKey={caseKey} onBack={steps.back} />;
  if (steps.step === "ledger" && watch.view)
    return <LedgerStep caseKey={caseKey} fingerprints={watch.view.fingerprints} onBack={steps.back} />;
  const start = (step: Step): void => {
    setNews(null);
    steps.go(step);
  };
  return (
    <Overview
      caseKey={caseKey}
      watch={watch}
      news={news}
      onWithdraw={(chosen) => {
        setTarget(chosen);
        start("confirm");
      }}
      onAdd={() => start("add_then")}
      onRenewed={(view) => {
        watch.take(view);
        const now = new Date();
        setNews(words.t("case.renew.done", { date: words.date(new Date(view.expires_at), now) }));
      }}
      onReceipt={() => start("receipt")}
      onLedger={() => start("ledger")}
      onDelay={() => start("delay")}
      onChanged={addedWith(watch.take, setNews)}
      onClose={onClose}
    />
  );
}

/** Return what is said after withdrawing, which may have been asking for it. */
function saidOf(view: CaseView, target: Target, words: Translator): string {
  const asked = askedOf(fingerprintsIn(view, target));
  if (asked === null) return withdrawalWords(fingerprintsIn(view, target), words);
  return words.t("case.asked.said", { date: words.date(asked.dueAt, new Date()), time: words.time(asked.dueAt) });
}

function addedWith(
  take: (view: CaseView) => void,
  say: (news: string | null) => void,
): (view: CaseView, said: string | null) => void {
  return (view, said) => {
    take(view);
    say(said);
  };
}

interface AddProps {
  readonly caseKey: CaseKey;
  readonly before: CaseView;
  readonly step: Step;
  readonly go: (step: Step) => void;
  readonly back: () => void;
  readonly onAdded: (view: CaseView, said: string) => void;
}

/** Return the whole request as it will be sent; null where there is nothing to send, or too much. */
function requestOf(caseKey: CaseKey, rows: readonly Row[], inCase: readonly CaseFile[]): PreparedRequest | null {
  const fingerprints = fingerprintsOf(rows);
  const canSend = fingerprints.length > 0 && excessOf(fingerprints, inCase) === null;
  return canSend ? addFingerprints(caseKey.authorization, fingerprints) : null;
}

/** Adding asks for the age in these files too, before any of them can be chosen. */
function AddSteps({ caseKey, before, step, go, back, onAdded }: AddProps) {
  const { t, plural } = useWords();
  const inCase = useMemo(() => filesOf(before.fingerprints), [before]);
  const files = useFiles(inCase);
  const [wasAdultThen, setAdultThen] = useState(false);
  const isSending = step === "add_send" && wasAdultThen;
  const request = useMemo(
    () => (isSending ? requestOf(caseKey, files.rows, inCase) : null),
    [isSending, caseKey, files.rows, inCase],
  );
  if (request !== null) {
    const sent = (view: CaseView): void => {
      const known = new Set(before.fingerprints.map((fingerprint) => fingerprint.id));
      const count = filesOf(view.fingerprints.filter((fingerprint) => !known.has(fingerprint.id))).length;
      onAdded(view, count === 0 ? t("case.added.none") : plural("case.added", count));
      go("overview");
    };
    return <SendStep request={request} label={t("case.add.button")} onSent={sent} onBack={back} />;
  }
  if (step !== "add_then" && wasAdultThen) {
    return <FileStep title={t("case.add.files.title")} files={files} onContinue={() => go("add_send")} onBack={back} />;
  }
  const answers = [
    {
      label: t("protect.age.adult"),
      onChoose: () => {
        setAdultThen(true);
        go("add_files");
      },
    },
    { label: t("protect.age.minor"), onChoose: goToUnder18 },
  ];
  return (
    <Choice question={t("case.add.then.title")} note={t("case.add.then.note")} answers={answers}>
      <BackButton onBack={back} />
    </Choice>
  );
}
