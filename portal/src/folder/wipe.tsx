// SPDX-License-Identifier: Apache-2.0
/* Asks once more before everything is erased, and says so where that did not work. */

import { ActionButton, Heading } from "../island/parts";
import { useWords } from "../island/words";
import { FolderTrouble } from "./problem";
import type { FolderState } from "./state";

interface Props {
  readonly state: FolderState;
  /** The number of the folder; null for all of them. */
  readonly folder: number | null;
  readonly onWiped: () => void;
  readonly onKeep: () => void;
}

export function Wipe({ state, folder, onWiped, onKeep }: Props) {
  const { t } = useWords();
  const wipe = async (): Promise<void> => {
    if (await state.wipe(folder)) onWiped();
  };
  const keep = (): void => {
    state.clearProblem();
    onKeep();
  };
  return (
    <>
      <Heading>{t("folder.wipe.title")}</Heading>
      {folder !== null && <p>{t("folder.wipe.one", { number: folder })}</p>}
      <p>{t("folder.wipe.text")}</p>
      <FolderTrouble problem={state.problem} />
      <div class="actions">
        <ActionButton label={t("folder.wipe.yes")} onPress={() => void wipe()} />
        <ActionButton label={t("folder.wipe.no")} kind="second" onPress={keep} />
      </div>
    </>
  );
}
