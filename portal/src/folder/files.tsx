// SPDX-License-Identifier: Apache-2.0
/* Files of an entry: their SHA-256, and the file itself only where the person says so. Never where someone may be under 18. */

import { useId, useState } from "preact/hooks";
import { useWords } from "../island/words";
import { LIMITS, sha256Hex, type EntryFile } from "../log/entry";
import type { Translator } from "../messages/translator";
import { Slip, Tick } from "./fields";

export interface ChosenFile {
  readonly entry: EntryFile;
  readonly bytes: Uint8Array<ArrayBuffer> | null;
}

interface Props {
  readonly isTextOnly: boolean;
  readonly files: readonly ChosenFile[];
  readonly onFiles: (files: readonly ChosenFile[]) => void;
}

export function EntryFiles({ isTextOnly, files, onFiles }: Props) {
  const { t } = useWords();
  const [slip, setSlip] = useState<string | null>(null);
  const choose = async (chosen: readonly File[]): Promise<void> => {
    if (files.length + chosen.length > LIMITS.filesPerEntry) {
      setSlip(t("folder.files.many", { count: LIMITS.filesPerEntry }));
      return;
    }
    const read = await Promise.all(chosen.map(chosenFile));
    const readable = read.filter((file) => file !== null);
    setSlip(slipOf(read, t));
    onFiles([...files, ...readable.filter(({ entry }) => !files.some((file) => file.entry.sha256 === entry.sha256))]);
  };
  if (isTextOnly) {
    return (
      <section data-files="no">
        <h2>{t("folder.files.title")}</h2>
        <p>{t("folder.files.why_not")}</p>
      </section>
    );
  }
  return (
    <section data-files="yes">
      <h2>{t("folder.files.title")}</h2>
      <p>{t("folder.files.why")}</p>
      <Chooser onChoose={choose} />
      {files.length > 0 && <ChosenFiles files={files} onFiles={onFiles} />}
      {slip !== null && <Slip>{slip}</Slip>}
    </section>
  );
}

function Chooser({ onChoose }: { readonly onChoose: (files: readonly File[]) => Promise<void> }) {
  const { t } = useWords();
  const id = useId();
  return (
    <p class="chooser">
      <input
        id={id}
        class="visually-hidden"
        type="file"
        multiple
        accept="image/*,video/*,audio/*,application/pdf"
        onChange={(event) => {
          const input = event.currentTarget;
          void onChoose([...(input.files ?? [])]).then(() => (input.value = ""));
        }}
      />
      <label class="button second" for={id}>
        {t("folder.files.choose")}
      </label>
    </p>
  );
}

function ChosenFiles({ files, onFiles }: Pick<Props, "files" | "onFiles">) {
  const { t } = useWords();
  const isKept = files.some(({ entry }) => entry.is_kept);
  const keep = (wanted: boolean): void =>
    onFiles(files.map((file) => ({ ...file, entry: { ...file.entry, is_kept: wanted && file.bytes !== null } })));
  return (
    <>
      <ul class="notes">
        {files.map(({ entry }, place) => (
          <li key={entry.sha256} data-file={entry.sha256}>
            {t("folder.files.one", { type: entry.type || "?", bytes: entry.bytes })}{" "}
            <button
              type="button"
              class="button plain"
              onClick={() => onFiles(files.filter((_, other) => other !== place))}
            >
              {t("folder.files.remove", { number: place + 1 })}
            </button>
          </li>
        ))}
      </ul>
      <Tick label={t("folder.files.keep")} checked={isKept} onChange={keep} />
    </>
  );
}

/** Return what is to be said of files that could not be read, or are too large to be kept; null where nothing is. */
function slipOf(read: readonly (ChosenFile | null)[], t: Translator["t"]): string | null {
  if (read.includes(null)) return t("folder.files.unreadable");
  const isLarge = read.some((file) => file?.bytes === null);
  return isLarge ? t("folder.files.large", { most: LIMITS.pictureBytes / 1024 / 1024 }) : null;
}

/** Return what the log knows of a file; its bytes only where they may be kept. Null where it can't be read. */
async function chosenFile(file: File): Promise<ChosenFile | null> {
  try {
    const isLarge = file.size > LIMITS.pictureBytes;
    const bytes = isLarge ? null : new Uint8Array(await file.arrayBuffer());
    const sha256 = bytes
      ? await sha256Hex(bytes)
      : await (await import("../fingerprint/digests")).digestOf(file, "sha256", () => undefined);
    return { entry: { sha256, bytes: file.size, type: file.type, is_kept: false }, bytes };
  } catch {
    return null;
  }
}
