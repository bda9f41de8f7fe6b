// SPDX-License-Identifier: Apache-2.0
/* What went wrong with the folder, and what to do; nothing that was kept is ever lost by it. */

import { Problem } from "../island/parts";
import { useWords } from "../island/words";
import type { FolderProblem } from "./state";

export function FolderTrouble({ problem }: { readonly problem: FolderProblem | null }) {
  const { t } = useWords();
  if (problem === null) return null;
  return (
    <div data-trouble={problem}>
      <Problem>{problem === "passphrase" ? t("folder.pass.wrong") : t(`folder.problem.${problem}`)}</Problem>
    </div>
  );
}
