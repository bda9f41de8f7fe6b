// SPDX-License-Identifier: Apache-2.0
/*
 * What the printer gets: the key, and not what it opens. Whoever finds the sheet learns nothing else, unless the person
 * chose to put the address on it.
 */

import { Sheet } from "../island/sheet";
import { useWords } from "../island/words";
import { QrCode } from "./qr_code";

export function KeySheet({ text, hasAddress }: { readonly text: string; readonly hasAddress: boolean }) {
  const { t } = useWords();
  return (
    <Sheet>
      <h2>{t("protect.sheet.title")}</h2>
      <p class="sheet-key" dir="ltr">
        {text}
      </p>
      <QrCode text={text} label={t("protect.sheet.title")} />
      <p>{t("protect.sheet.note")}</p>
      {hasAddress && <p>{`${location.origin}/case/`}</p>}
    </Sheet>
  );
}
