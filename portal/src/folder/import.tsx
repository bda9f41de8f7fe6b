// SPDX-License-Identifier: Apache-2.0
/* Reading an export into an empty folder: checked first, kept only when the person goes on. */

import { useId, useState } from "preact/hooks";
import { ActionButton, BackButton, Heading } from "../island/parts";
import { useWords } from "../island/words";
import { FolderError } from "../log/folder";
import type { Imported } from "../log/zip";
import { Choice } from "../island/choice";
import { Slip } from "./fields";
import { FolderTrouble } from "./problem";
import { NewPassphrase } from "./start";
import type { FolderProblem, FolderState } from "./state";

export function Import({
  state,
  onOpen,
  onBack,
}: {
  readonly state: FolderState;
  readonly onOpen: () => void;
  readonly onBack: () => void;
}) {
  const { t } = useWords();
  const [found, setFound] = useState<Imported | null>(null);
  const [problem, setProblem] = useState<FolderProblem | null>(null);
  const [step, setStep] = useState<"file" | "where" | "pass">("file");
  const read = async (file: File | undefined): Promise<void> => {
    if (!file) return;
    setFound(null);
    setProblem(null);
    const [imported, slip] = await readImport(file);
    setFound(imported);
    setProblem(slip);
  };
  const begin = async (passphrase: string | null): Promise<void> => {
    if (!found) return;
    const folder = { is_text_only: found.isTextOnly, entries: found.entries, notices: [] };
    if (await state.begin(folder, passphrase, found.isTextOnly ? new Map() : found.pictures)) onOpen();
  };
  if (step === "pass") return <NewPassphrase state={state} onBegin={begin} />;
  if (step === "where") {
    const places = [
      { label: t("folder.where.device"), onChoose: () => setStep("pass") },
      { label: t("folder.where.window"), onChoose: () => void begin(null) },
    ];
    return <Choice question={t("folder.where.title")} note={t("folder.where.note")} answers={places} />;
  }
  return (
    <>
      <Heading>{t("folder.import.title")}</Heading>
      <p>{t("folder.import.text")}</p>
      <Chooser onChoose={(file) => void read(file)} />
      <FolderTrouble problem={problem} />
      {found && <Found found={found} />}
      <div class="actions">
        {found && <ActionButton label={t("folder.import.go")} onPress={() => setStep("where")} />}
        <BackButton onBack={onBack} />
      </div>
    </>
  );
}

function Chooser({ onChoose }: { readonly onChoose: (file: File | undefined) => void }) {
  const { t } = useWords();
  const id = useId();
  return (
    <p class="chooser">
      <input
        id={id}
        class="visually-hidden"
        type="file"
        accept=".zip,.json,application/zip,application/json"
        onChange={(event) => onChoose(event.currentTarget.files?.[0])}
      />
      <label class="button second" for={id}>
        {t("folder.import.choose")}
      </label>
    </p>
  );
}

function Found({ found }: { readonly found: Imported }) {
  const { t } = useWords();
  return (
    <>
      <p role="status" data-imported={found.entries.length}>
        {found.brokenAt === null
          ? t("folder.import.holds", { count: found.entries.length })
          : t("folder.import.broken", { number: found.brokenAt })}
      </p>
      {found.lostPictures > 0 && <Slip>{t("folder.import.lost", { count: found.lostPictures })}</Slip>}
    </>
  );
}

/** Return what an export holds, or why it can't be read. */
async function readImport(file: File): Promise<readonly [Imported, null] | readonly [null, FolderProblem]> {
  const zip = await import("../log/zip").catch(() => null);
  if (zip === null) return [null, "not_loaded"];
  try {
    return [await zip.readExport(new Uint8Array(await file.arrayBuffer())), null];
  } catch (error) {
    return [null, error instanceof FolderError ? error.problem : "damaged"];
  }
}
