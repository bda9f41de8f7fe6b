// SPDX-License-Identifier: Apache-2.0
/* Adding files to a case. Asks for the age in these files too, before any of them can be chosen. */

import { useMemo, useState } from "preact/hooks";
import { filesOf, type CaseFile } from "../files/case_files";
import { FileStep } from "../files/file_step";
import { useFiles } from "../files/files";
import { excessOf, fingerprintsOf, type Row } from "../files/rows";
import { Choice } from "../island/choice";
import { goToUnder18 } from "../island/going";
import { BackButton } from "../island/parts";
import { useWords } from "../island/words";
import { SendStep } from "../send/send_step";
import type { CaseKey } from "../wire/case_key";
import { addFingerprints, type PreparedRequest } from "../wire/requests";
import type { CaseView } from "../wire/types";

export type AddStep = "add_then" | "add_files" | "add_send";

export function isAdding(step: string): step is AddStep {
  return step === "add_then" || step === "add_files" || step === "add_send";
}

interface Props {
  readonly caseKey: CaseKey;
  readonly before: CaseView;
  readonly step: AddStep;
  readonly go: (step: AddStep | "overview") => void;
  readonly back: () => void;
  readonly onAdded: (view: CaseView, sentence: string) => void;
}

/** Return the whole request as it will be sent; null where there is nothing to send, or too much. */
function requestOf(caseKey: CaseKey, rows: readonly Row[], inCase: readonly CaseFile[]): PreparedRequest | null {
  const fingerprints = fingerprintsOf(rows);
  const canSend = fingerprints.length > 0 && excessOf(fingerprints, inCase) === null;
  return canSend ? addFingerprints(caseKey.authorization, fingerprints) : null;
}

export function AddSteps({ caseKey, before, step, go, back, onAdded }: Props) {
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
