// SPDX-License-Identifier: Apache-2.0
/* One chosen file: its number, what became of it, and the ways on from there. */

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { useWords } from "../island/words";
import { rowLines, rowName } from "./file_words";
import { canLook, Look } from "../island/look";
import { TryIt } from "./try_it";
import type { Row } from "./rows";

interface Props {
  readonly row: Row;
  readonly onStop: () => void;
  readonly onTryAgain: () => void;
  readonly onRemove: () => void;
  readonly onSynthetic: (isSynthetic: boolean) => void;
  /** Take an altered copy that was made here as a further file. */
  readonly onAdd: (copy: Blob) => void;
}

export function FileRow({ row, onStop, onTryAgain, onRemove, onSynthetic, onAdd }: Props) {
  const words = useWords();
  const { t } = words;
  const [isShown, setShown] = useState(false);
  const { name, action } = useKeptFocus();
  const fileLabel = rowName(row, words);
  const [first, ...notes] = rowLines(row, words);
  const label = (words: string): string => t("protect.files.label", { action: words, name: fileLabel });
  const look = t(isShown ? "protect.files.hide" : "protect.files.show");
  const change = changeOf(row, onStop, onTryAgain);
  return (
    <li class="file" data-outcome={row.state.kind} data-type={row.type}>
      <p class="file-name" id={nameId(row.key)} ref={name} tabIndex={-1}>
        {fileLabel}
      </p>
      <p>{first}</p>
      {row.state.kind === "working" && (
        <progress aria-label={label(t("protect.files.progress"))} value={row.state.share ?? undefined} max={1} />
      )}
      {notes.length > 0 && (
        <ul class="notes">
          {notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      {isShown && <Look file={row.file} type={row.type} label={t("protect.files.shown", { name: fileLabel })} />}
      {row.state.kind === "ready" && <SyntheticMark row={row} label={label} onSynthetic={onSynthetic} />}
      <TryIt row={row} name={fileLabel} label={label} onAdd={onAdd} />
      <div class="file-actions">
        {change && (
          <button
            type="button"
            class="button plain"
            ref={action}
            aria-label={label(t(change.key))}
            onClick={change.onPress}
          >
            {t(change.key)}
          </button>
        )}
        {canLook(row.file, row.type) && (
          <button type="button" class="button plain" aria-label={label(look)} onClick={() => setShown(!isShown)}>
            {look}
          </button>
        )}
        <button type="button" class="button plain" aria-label={label(t("protect.files.remove"))} onClick={onRemove}>
          {t("protect.files.remove")}
        </button>
      </div>
    </li>
  );
}

type MarkProps = Pick<Props, "row" | "onSynthetic"> & { readonly label: (words: string) => string };

function SyntheticMark({ row, label, onSynthetic }: MarkProps) {
  const { t } = useWords();
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={row.isSynthetic}
        aria-label={label(t("protect.files.synthetic"))}
        onChange={(event) => onSynthetic(event.currentTarget.checked)}
      />
      <span>{t("protect.files.synthetic")}</span>
    </label>
  );
}

/** The id of the element that names a row; what is removed hands the focus to the next one's. */
export function nameId(key: number): string {
  return `file-${key}`;
}

/** Stopping and trying again are one button, so that the focus stays on it. */
function changeOf({ state }: Row, onStop: () => void, onTryAgain: () => void) {
  if (state.kind === "working") return { key: "protect.files.stop", onPress: onStop } as const;
  const canRepeat = state.kind === "stopped" || (state.kind === "problem" && state.problem === "engine");
  return canRepeat ? ({ key: "protect.files.again", onPress: onTryAgain } as const) : null;
}

/** A button that goes away while it has the focus leaves it to the row's name, not to the top of the page. */
function useKeptFocus() {
  const name = useRef<HTMLParagraphElement>(null);
  const action = useRef<HTMLButtonElement>(null);
  const hadFocus = action.current !== null && document.activeElement === action.current;
  useLayoutEffect(() => {
    if (hadFocus && action.current === null) name.current?.focus();
  });
  return { name, action };
}
