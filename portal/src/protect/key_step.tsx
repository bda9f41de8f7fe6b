// SPDX-License-Identifier: Apache-2.0
/*
 * The case key is shown before anything is sent, so that a broken connection can't leave a case without a key. Copying
 * and printing happen only when pressed.
 */

import { useState } from "preact/hooks";
import { DelayMeaning } from "../case/delay";
import { ActionButton, BackButton, Heading } from "../island/parts";
import { useWords } from "../island/words";
import type { CaseKey } from "../wire/case_key";
import { KeyGroups } from "./key_groups";
import { KeySheet } from "./key_sheet";
import { QrCode } from "./qr_code";

interface Props {
  readonly caseKey: CaseKey;
  readonly delaysWithdrawal: boolean;
  readonly onDelay: (isChosen: boolean) => void;
  readonly onKept: () => void;
  readonly onBack: () => void;
}

export function KeyStep({ caseKey, delaysWithdrawal, onDelay, onKept, onBack }: Props) {
  const { t } = useWords();
  const [hasAddress, setAddress] = useState(false);
  const [isQrShown, setQrShown] = useState(false);
  return (
    <>
      <Heading>{t("protect.key.title")}</Heading>
      <p class="lead">{t("protect.key.lead")}</p>
      <KeyGroups text={caseKey.text} />
      <CopyAndPrint text={caseKey.text} />
      <button type="button" class="button plain" aria-expanded={isQrShown} onClick={() => setQrShown(!isQrShown)}>
        {t(isQrShown ? "protect.key.qr.hide" : "protect.key.qr")}
      </button>
      {isQrShown && (
        <figure class="qr-figure">
          <QrCode text={caseKey.text} label={t("protect.key.qr.label")} />
          <figcaption class="small soft">{t("protect.key.qr.note")}</figcaption>
        </figure>
      )}
      <p>
        <label class="check">
          <input type="checkbox" checked={hasAddress} onChange={(event) => setAddress(event.currentTarget.checked)} />
          <span>{t("protect.key.address")}</span>
        </label>
      </p>
      <p>{t("protect.key.where")}</p>
      <DelayChoice isChosen={delaysWithdrawal} onChange={onDelay} />
      <div class="actions">
        <ActionButton label={t("protect.key.kept")} onPress={onKept} />
        <BackButton onBack={onBack} />
      </div>
      <KeySheet text={caseKey.text} hasAddress={hasAddress} />
    </>
  );
}

/** Asked where the key is, because the key is what somebody could take or demand. Off unless chosen. */
function DelayChoice({
  isChosen,
  onChange,
}: {
  readonly isChosen: boolean;
  readonly onChange: (isChosen: boolean) => void;
}) {
  const { t } = useWords();
  return (
    <section data-delay-choice={isChosen ? "on" : "off"}>
      <h2>{t("protect.delay.title")}</h2>
      <p>{t("protect.delay.text")}</p>
      <details>
        <summary>{t("protect.delay.more")}</summary>
        <DelayMeaning />
      </details>
      <p>
        <label class="check">
          <input type="checkbox" checked={isChosen} onChange={(event) => onChange(event.currentTarget.checked)} />
          <span>{t("protect.delay.choose")}</span>
        </label>
      </p>
    </section>
  );
}

function CopyAndPrint({ text }: { readonly text: string }) {
  const { t } = useWords();
  const [outcome, setOutcome] = useState<"none" | "copied" | "failed">("none");
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setOutcome("copied");
    } catch {
      setOutcome("failed");
    }
  };
  return (
    <>
      <div class="key-actions">
        <button type="button" class="button second" onClick={() => void copy()}>
          {t("protect.key.copy")}
        </button>
        <button type="button" class="button second" onClick={() => window.print()}>
          {t("protect.key.print")}
        </button>
      </div>
      <p role="status" class="small">
        {outcome === "copied" && t("protect.key.copied")}
        {outcome === "failed" && t("protect.key.copy_failed")}
      </p>
    </>
  );
}
