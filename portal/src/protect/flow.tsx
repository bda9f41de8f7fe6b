// SPDX-License-Identifier: Apache-2.0
/*
 * "Protect a picture, video or sound": one thing per step, in an order that can't be skipped.
 *
 * Ages are asked before a file can be chosen; under 18 at either time leads away with nothing fingerprinted and nothing
 * sent. The key is shown before the request, the request before it is sent.
 */

import { CaseScreen } from "../case/screen";
import { BackButton, Heading } from "../island/parts";
import { useWords } from "../island/words";
import type { ErrorCode } from "../wire/requests";
import { goTo, goToUnder18 } from "../island/going";
import { pageAddress } from "../island/page_address";
import { Choice } from "../island/choice";
import { DoneStep } from "./done_step";
import { FileStep } from "../files/file_step";
import { KeyStep } from "./key_step";
import { SendStep } from "../send/send_step";
import { COUNTED, useProtectState, type ProtectState, type Step } from "./state";

export function ProtectFlow() {
  const state = useProtectState();
  if (!isSecureContext) return <NotSecure />;
  return (
    <>
      <Progress step={state.step} />
      <Current state={state} />
    </>
  );
}

function Current({ state }: { readonly state: ProtectState }) {
  const { t } = useWords();
  switch (state.step) {
    case "who":
      return <WhoStep state={state} />;
    case "other":
      return <OtherStep onBack={state.back} />;
    case "now":
      return <NowStep state={state} />;
    case "then":
      return <ThenStep state={state} />;
    case "files":
      return (
        <FileStep
          title={t("protect.files.title")}
          files={state.files}
          onContinue={() => void state.showKey()}
          onBack={state.back}
        />
      );
    case "key":
      return (
        state.caseKey && (
          <KeyStep
            caseKey={state.caseKey}
            delaysWithdrawal={state.delaysWithdrawal}
            onDelay={state.chooseDelay}
            onKept={() => state.go("send")}
            onBack={state.back}
          />
        )
      );
    case "send":
      return <OpenStep state={state} />;
    case "done":
      return (
        state.view &&
        state.caseKey && <DoneStep caseKey={state.caseKey} view={state.view} onShow={() => state.go("case")} />
      );
    case "case":
      return state.caseKey && <CaseScreen caseKey={state.caseKey} first={state.view} onClose={() => goTo("/")} />;
  }
}

function Progress({ step }: { readonly step: Step }) {
  const { t } = useWords();
  const place = COUNTED.findIndex((counted) => counted === step);
  if (place < 0) return null;
  return <p class="progress">{t("protect.step", { step: place + 1, total: COUNTED.length })}</p>;
}

function WhoStep({ state }: { readonly state: ProtectState }) {
  const { t } = useWords();
  const answers = [
    { label: t("protect.who.person"), onChoose: () => state.chooseRole("person") },
    { label: t("protect.who.asked"), onChoose: () => state.chooseRole("asked_by_person") },
    { label: t("protect.who.other"), onChoose: () => state.go("other") },
  ];
  return <Choice question={t("protect.who.title")} note={t("protect.who.note")} answers={answers} />;
}

function OtherStep({ onBack }: { readonly onBack: () => void }) {
  const { t } = useWords();
  return (
    <>
      <Heading>{t("protect.other.title")}</Heading>
      <p class="lead">{t("protect.other.1")}</p>
      <p>{t("protect.other.2")}</p>
      <p>{t("protect.other.3")}</p>
      <p>
        <a class="line-link" href={pageAddress("/under-18/")}>
          {t("protect.other.under18")}
        </a>
      </p>
      <BackButton onBack={onBack} />
    </>
  );
}

function NowStep({ state }: { readonly state: ProtectState }) {
  const { t } = useWords();
  const isAsked = state.role === "asked_by_person";
  return (
    <Choice
      question={t(isAsked ? "protect.now.asked.title" : "protect.now.person.title")}
      answers={[
        { label: t("protect.age.adult"), onChoose: state.stateAdultNow },
        { label: t("protect.age.minor"), onChoose: goToUnder18 },
      ]}
    >
      <BackButton onBack={state.back} />
    </Choice>
  );
}

function ThenStep({ state }: { readonly state: ProtectState }) {
  const { t } = useWords();
  const isAsked = state.role === "asked_by_person";
  return (
    <Choice
      question={t(isAsked ? "protect.then.asked.title" : "protect.then.person.title")}
      note={t(isAsked ? "protect.then.asked.note" : "protect.then.note")}
      answers={[
        { label: t("protect.age.adult"), onChoose: state.stateAdultThen },
        { label: t("protect.age.minor"), onChoose: goToUnder18 },
      ]}
    >
      <BackButton onBack={state.back} />
    </Choice>
  );
}

function OpenStep({ state }: { readonly state: ProtectState }) {
  const { t } = useWords();
  if (state.request === null) return null;
  const nextActionOf = (code: ErrorCode): { label: string; onPress: () => void } | null => {
    if (code === "under_18") return { label: t("protect.send.to_under18"), onPress: goToUnder18 };
    const isExistingCase = code === "case_already_open" || code === "case_closed";
    return isExistingCase ? { label: t("protect.send.to_case"), onPress: () => state.go("case") } : null;
  };
  return (
    <SendStep
      request={state.request}
      label={t("protect.send.button")}
      onBack={state.back}
      nextActionOf={nextActionOf}
      onSent={state.finish}
    />
  );
}

function NotSecure() {
  const { t } = useWords();
  return (
    <>
      <Heading>{t("protect.secure.title")}</Heading>
      <p>{t("protect.secure.text")}</p>
    </>
  );
}
