// SPDX-License-Identifier: Apache-2.0
/* Writing an entry. What was typed stays until it is kept; files are read here, and only their SHA-256 is written unless asked. */

import { useState } from "preact/hooks";
import { Field } from "../island/field";
import { ActionButton, BackButton, Heading } from "../island/parts";
import { useWords } from "../island/words";
import { chained, KINDS, LIMITS, TEXT_FIELDS, type Draft, type EntryFile, type EntryKind } from "../log/entry";
import type { Folder } from "../log/folder";
import type { Translator } from "../messages/translator";
import type { Pictures } from "../vault/vault";
import { Select, Slip } from "./fields";
import { EntryFiles, type ChosenFile } from "./files";
import { FolderTrouble } from "./problem";
import type { FolderState, OpenFolder } from "./state";

interface Props {
  readonly state: FolderState;
  readonly open: OpenFolder;
  readonly draft: Draft;
  readonly files: readonly ChosenFile[];
  readonly onDraft: (draft: Draft) => void;
  readonly onFiles: (files: readonly ChosenFile[]) => void;
  readonly onSaved: (number: number) => void;
  readonly onBack: () => void;
}

const LONG: ReadonlySet<string> = new Set(["what", "words", "who_saw"]);

export function EntryForm({ state, open, draft, files, onDraft, onFiles, onSaved, onBack }: Props) {
  const { t } = useWords();
  const [slip, setSlip] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const { folder } = open;
  const save = async (): Promise<void> => {
    const found = slipOf(draft, files, folder, t);
    setSlip(found);
    if (found !== null) return;
    setBusy(true);
    const written = { ...draft, files: files.map((file) => file.entry) };
    const kept = await state.change(
      async (now) => ({ ...now, entries: [...now.entries, await chained(written, now.entries, new Date())] }),
      picturesOf(files),
    );
    setBusy(false);
    if (kept) onSaved(kept.entries.length);
  };
  return (
    <>
      <Heading>
        {draft.corrects === null
          ? t("folder.entry.title")
          : t("folder.entry.correct.title", { number: draft.corrects })}
      </Heading>
      <p>{t("folder.entry.note")}</p>
      <DraftFields draft={draft} onDraft={onDraft} />
      <EntryFiles isTextOnly={folder.is_text_only} files={files} onFiles={onFiles} />
      {slip !== null && <Slip>{slip}</Slip>}
      <FolderTrouble problem={state.problem} />
      <div class="actions">
        <ActionButton label={t("folder.entry.save")} isBusy={isBusy} onPress={() => void save()} />
        <BackButton onBack={onBack} />
      </div>
    </>
  );
}

function DraftFields({ draft, onDraft }: Pick<Props, "draft" | "onDraft">) {
  const { t } = useWords();
  const kinds = KINDS.filter((kind) => (kind === "correction") === (draft.corrects !== null));
  return (
    <>
      {kinds.length > 1 && (
        <Select
          label={t("log.field.kind")}
          name="kind"
          value={draft.kind}
          options={kinds.map((kind) => [kind, t(`log.kind.${kind}`)])}
          onChange={(value) => onDraft({ ...draft, kind: value as EntryKind })}
        />
      )}
      <Field
        label={t("log.field.seen_at")}
        name="seen_at"
        type="datetime-local"
        note={t("folder.entry.zone", { zone: Intl.DateTimeFormat().resolvedOptions().timeZone })}
        value={draft.seen_at}
        onChange={(value) => onDraft({ ...draft, seen_at: value })}
      />
      <button type="button" class="button plain" onClick={() => onDraft({ ...draft, seen_at: localNow(new Date()) })}>
        {t("folder.entry.now")}
      </button>
      {TEXT_FIELDS.map((field) => (
        <Field
          key={field}
          label={t(`log.field.${field}`)}
          name={field}
          isLong={LONG.has(field)}
          value={draft[field]}
          onChange={(value) => onDraft({ ...draft, [field]: value })}
        />
      ))}
    </>
  );
}

/** Return why an entry can't be kept as it is, in words; null where it can. */
export function slipOf(draft: Draft, files: readonly ChosenFile[], folder: Folder, t: Translator["t"]): string | null {
  const long = TEXT_FIELDS.find((field) => draft[field].length > LIMITS.characters);
  if (long) {
    const values = { field: t(`log.field.${long}`), count: draft[long].length, most: LIMITS.characters };
    return t("folder.entry.long", values);
  }
  if (TEXT_FIELDS.every((field) => draft[field].trim() === "") && files.length === 0) return t("folder.entry.empty");
  const inFolder = keptBytes(folder.entries.flatMap((entry) => entry.files));
  return inFolder + keptBytes(files.map((file) => file.entry)) > LIMITS.allBytes ? t("folder.problem.full") : null;
}

function picturesOf(files: readonly ChosenFile[]): Pictures {
  return new Map(files.flatMap(({ entry, bytes }) => (entry.is_kept && bytes ? [[entry.sha256, bytes] as const] : [])));
}

function keptBytes(files: readonly EntryFile[]): number {
  return files.reduce((sum, file) => sum + (file.is_kept ? file.bytes : 0), 0);
}

/** The device's own time to the minute, as the field takes it. */
function localNow(now: Date): string {
  return new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
