// SPDX-License-Identifier: Apache-2.0
/* One line, one key: an entry of the log without its form. What was typed stays until it is kept. */

import { useState } from "preact/hooks";
import { Field } from "../island/field";
import { useWords } from "../island/words";
import { chained, EMPTY_DRAFT, type Draft } from "../log/entry";
import { slipOf } from "./entry_form";
import { Slip } from "./fields";
import type { FolderState, OpenFolder } from "./state";

interface Props {
  readonly state: FolderState;
  readonly open: OpenFolder;
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly onSaved: (number: number) => void;
}

export function QuickNote({ state, open, text, onText, onSaved }: Props) {
  const { t } = useWords();
  const [slip, setSlip] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const save = async (): Promise<void> => {
    const note: Draft = { ...EMPTY_DRAFT, kind: "note", what: text };
    const found = slipOf(note, [], open.folder, t);
    setSlip(found);
    if (found !== null) return;
    setBusy(true);
    const kept = await state.change(async (now) => ({
      ...now,
      entries: [...now.entries, await chained(note, now.entries, new Date())],
    }));
    setBusy(false);
    if (kept === null) return;
    onText("");
    onSaved(kept.entries.length);
  };
  return (
    <form
      data-quick-note
      onSubmit={(event) => {
        event.preventDefault();
        if (!isBusy) void save();
      }}
    >
      <Field label={t("folder.quick.label")} value={text} onChange={onText} />
      {slip !== null && <Slip>{slip}</Slip>}
      <div class="actions">
        <button type="submit" class="button second" aria-disabled={isBusy ? "true" : undefined}>
          {t("folder.quick.save")}
        </button>
      </div>
    </form>
  );
}
