// SPDX-License-Identifier: Apache-2.0
/* Asks once more before everything is erased. */

import { Heading } from "../island/parts";
import { useWords } from "../island/words";

export function Wipe({ onWipe, onKeep }: { readonly onWipe: () => void; readonly onKeep: () => void }) {
  const { t } = useWords();
  return (
    <>
      <Heading>{t("folder.wipe.title")}</Heading>
      <p>{t("folder.wipe.text")}</p>
      <div class="actions">
        <button type="button" class="button" onClick={onWipe}>
          {t("folder.wipe.yes")}
        </button>
        <button type="button" class="button second" onClick={onKeep}>
          {t("folder.wipe.no")}
        </button>
      </div>
    </>
  );
}
