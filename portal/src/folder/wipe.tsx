// SPDX-License-Identifier: Apache-2.0
/* Asks once more before everything is erased, and says so where that did not work. */

import { ActionButton, Heading } from "../island/parts";
import { useWords } from "../island/words";
import { FolderTrouble } from "./problem";
import type { FolderState } from "./state";

interface Props {
  readonly state: FolderState;
  /** Of the folder; null for all of them. */
  readonly number: number | null;
  readonly erase: () => Promise<boolean>;
  readonly onWiped: () => void;
  readonly onKeep: () => void;
}

export function Wipe({ state, number, erase, onWiped, onKeep }: Props) {
  const { t } = useWords();
  const wipe = async (): Promise<void> => {
    if (await erase()) onWiped();
  };
  const keep = (): void => {
    state.clearProblem();
    onKeep();
  };
  return (
    <>
      <Heading>{t("folder.wipe.title")}</Heading>
      {number !== null && <p>{t("folder.wipe.one", { number })}</p>}
      <p>{t("folder.wipe.text")}</p>
      <FolderTrouble problem={state.problem} />
      <div class="actions">
        <ActionButton label={t("folder.wipe.yes")} onPress={() => void wipe()} />
        <ActionButton label={t("folder.wipe.no")} kind="second" onPress={keep} />
      </div>
    </>
  );
}
