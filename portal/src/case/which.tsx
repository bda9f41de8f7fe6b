// SPDX-License-Identifier: Apache-2.0
/*
 * "Which of my files is this?": a file is chosen again, fingerprinted and compared on the device. Nothing is sent, and nothing is kept. Asks
 * for the age in it first, as everywhere before a file can be chosen.
 */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { filesOf, type CaseFile } from "../files/case_files";
import { FileChooser } from "../files/file_chooser";
import { useWorkLine } from "../files/files";
import type { Outcome } from "../files/work_line";
import { Choice } from "../island/choice";
import { goToUnder18 } from "../island/going";
import { BackButton, Heading } from "../island/parts";
import { useWords } from "../island/words";
import type { Translator } from "../messages/translator";
import type { CaseView } from "../wire/types";
import { ownName, type OwnNames } from "./own_names";
import { hasMoreThanDigests, whichFile } from "./which_file";

interface Props {
  readonly view: CaseView;
  readonly names: OwnNames;
  readonly onBack: () => void;
}

export function WhichStep({ view, names, onBack }: Props) {
  const { t } = useWords();
  const [isAdult, setAdult] = useState(false);
  if (isAdult) return <Compare view={view} names={names} onBack={onBack} />;
  const answers = [
    { label: t("protect.age.adult"), onChoose: () => setAdult(true) },
    { label: t("protect.age.minor"), onChoose: goToUnder18 },
  ];
  return (
    <Choice question={t("case.which.then")} answers={answers}>
      <BackButton onBack={onBack} />
    </Choice>
  );
}

function Compare({ view, names, onBack }: Props) {
  const words = useWords();
  const { t } = words;
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const latest = useRef(0);
  const line = useWorkLine((key, now) => {
    if (key === latest.current) setOutcome(now);
  });
  useEffect(() => line.prepare(), [line]);
  const inCase = useMemo(() => filesOf(view.fingerprints), [view]);
  const choose = ([file]: readonly Blob[]): void => {
    if (!file) return;
    line.stopAll();
    latest.current += 1;
    line.add(latest.current, file);
  };
  return (
    <>
      <Heading>{t("case.which.title")}</Heading>
      <p class="lead">{t("case.which.lead")}</p>
      <FileChooser isMore={outcome !== null} isSingle onChoose={choose} />
      <p role="status" data-which={outcome?.kind}>
        {outcome !== null && <strong>{answerOf(outcome, inCase, names, words)}</strong>}
      </p>
      {view.fingerprints.some(({ value }) => value === null) && <p class="soft">{t("case.which.erased")}</p>}
      <BackButton onBack={onBack} />
    </>
  );
}

function answerOf(outcome: Outcome, inCase: readonly CaseFile[], names: OwnNames, words: Translator): string {
  const { t } = words;
  if (outcome.kind === "problem") return t(`protect.problem.${outcome.problem}`);
  if (outcome.kind === "stopped") return t("protect.files.stopped");
  if (outcome.kind !== "ready") return t("protect.files.working");
  const found = whichFile(outcome.made.fingerprints, inCase);
  if (found === null) return t(hasMoreThanDigests(outcome.made.fingerprints) ? "case.which.none" : "case.which.unread");
  return t(found.how === "same" ? "case.which.same" : "case.which.like", { name: ownName(found.file, names, words) });
}
