// SPDX-License-Identifier: Apache-2.0
import { useState } from "preact/hooks";
import { mount } from "../island/mount";
import { Heading } from "../island/parts";
import { useSteps } from "../island/steps";
import { useWords } from "../island/words";
import type { CaseKey } from "../wire/case_key";
import type { CaseView } from "../wire/types";
import { EntryStep } from "./entry";
import { CaseScreen } from "./screen";

interface Opened {
  readonly caseKey: CaseKey;
  readonly view: CaseView;
}

/** Key first, then the case; Back from the case forgets the key. */
function CasePage() {
  const { t } = useWords();
  const [opened, setOpened] = useState<Opened | null>(null);
  const { step, go, back } = useSteps<"entry" | "case">("entry", (one) => one === "entry" || opened !== null);
  if (!isSecureContext) {
    return (
      <>
        <Heading>{t("protect.secure.title")}</Heading>
        <p>{t("protect.secure.text")}</p>
      </>
    );
  }
  const open = (caseKey: CaseKey, view: CaseView): void => {
    setOpened({ caseKey, view });
    go("case");
  };
  const close = (): void => {
    setOpened(null);
    back();
  };
  return step === "case" && opened ? (
    <CaseScreen caseKey={opened.caseKey} first={opened.view} onClose={close} />
  ) : (
    <EntryStep onOpen={open} />
  );
}

mount(CasePage);
