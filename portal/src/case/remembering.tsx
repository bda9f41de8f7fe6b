// SPDX-License-Identifier: Apache-2.0
/* The switch for remembering the log's state on this device. Off, nothing is kept. */

import { useState } from "preact/hooks";
import { useWords } from "../island/words";
import type { Checkpoint } from "../ledger/checkpoint";
import { forget, recall, remember } from "../ledger/remembered";

export function Remembering({ checkpoint }: { readonly checkpoint: Checkpoint }) {
  const { t } = useWords();
  const [isOn, setOn] = useState(() => recall() !== null);
  const [isRefused, setRefused] = useState(false);
  const change = (wanted: boolean): void => {
    const isKept = wanted && remember(checkpoint, new Date());
    if (!wanted) forget();
    setRefused(wanted && !isKept);
    setOn(isKept);
  };
  return (
    <>
      <label class="check">
        <input type="checkbox" checked={isOn} onChange={(event) => change(event.currentTarget.checked)} />
        <span>{t("case.ledger.remember")}</span>
      </label>
      <p class="small soft">{t("case.ledger.remember.what")}</p>
      {isRefused && (
        <p class="small" role="alert">
          {t("case.ledger.remember.refused")}
        </p>
      )}
    </>
  );
}
