// SPDX-License-Identifier: Apache-2.0
/*
 * Choosing files of any kind. A file is shown only when the person asks for it, because someone may stand behind them; a
 * file name is never shown at all.
 */

import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { ActionButton, BackButton, Heading } from "../island/parts";
import { useWords } from "../island/words";
import { MAXIMUM_FILES_PER_CASE } from "../wire/types";
import { FileChooser } from "./file_chooser";
import { FileRow, nameId } from "./file_row";
import { rowLines, rowName } from "./file_words";
import type { Files } from "./files";
import { excessOf, fingerprintsOf, type Row } from "./rows";

interface Props {
  readonly title: string;
  readonly files: Files;
  readonly onContinue: () => void;
  readonly onBack: () => void;
}

export function FileStep({ title, files, onContinue, onBack }: Props) {
  const { t, plural } = useWords();
  const { rows, inCase } = files;
  const [hasPressed, setPressed] = useState(false);
  useEffect(() => files.prepare(), []);
  const ready = rows.filter((row) => row.state.kind === "ready").length;
  const isWorking = rows.some(isInWork);
  /** Measured once nothing is in work: rows change with every step of progress, and values can be long. */
  const excess = useMemo(() => (isWorking ? null : excessOf(fingerprintsOf(rows), inCase)), [isWorking, rows, inCase]);
  const goOn = (): void => {
    setPressed(true);
    if (!isWorking && excess === null) onContinue();
  };
  return (
    <>
      <Heading>{title}</Heading>
      <p class="lead">{t("protect.files.lead")}</p>
      <p>{t("protect.files.fingerprint")}</p>
      <FileChooser isMore={rows.length > 0} onChoose={files.add} />
      {files.isFull && (
        <p class="slip" role="alert">
          {t("protect.files.full", { count: MAXIMUM_FILES_PER_CASE })}
        </p>
      )}
      <FileList files={files} />
      {files.canHaveRegions && <RegionsChoice files={files} />}
      <Recognised />
      {rows.some((row) => row.number === null) && <p class="soft">{t("protect.files.leave_out")}</p>}
      {excess !== null && (
        <p class="slip" role="alert">
          {t(`protect.excess.${excess}`)}
        </p>
      )}
      <p role="status">{hasPressed && isWorking ? t("protect.files.wait") : ""}</p>
      <div class="actions">
        {ready > 0 && <ActionButton label={plural("protect.files.continue", ready)} onPress={goOn} />}
        <BackButton onBack={onBack} />
      </div>
    </>
  );
}

function FileList({ files }: { readonly files: Files }) {
  const { t } = useWords();
  const { rows } = files;
  const focusAfter = useRef<string | null>(null);
  useLayoutEffect(() => {
    if (focusAfter.current === null) return;
    document.getElementById(focusAfter.current)?.focus();
    focusAfter.current = null;
  }, [rows]);
  const remove = (place: number, key: number): void => {
    const next = rows[place + 1] ?? rows[place - 1];
    focusAfter.current = next ? nameId(next.key) : "chooser";
    files.remove(key);
  };
  return (
    <>
      <Announcement rows={rows} />
      {rows.length > 0 && (
        <ul class="files" aria-label={t("protect.files.list")}>
          {rows.map((row, place) => (
            <FileRow
              key={row.key}
              row={row}
              onStop={() => files.stop(row.key)}
              onTryAgain={() => files.tryAgain(row.key)}
              onRemove={() => remove(place, row.key)}
              onSynthetic={(isSynthetic) => files.setSynthetic(row.key, isSynthetic)}
              onAdd={(copy) => files.add([copy])}
            />
          ))}
        </ul>
      )}
    </>
  );
}

/** Says for ears what is new: that a long piece of work began, and how each file came out; never how far it is. */
function Announcement({ rows }: { readonly rows: readonly Row[] }) {
  const words = useWords();
  const [announcement, setAnnouncement] = useState("");
  const before = useRef<ReadonlyMap<number, string>>(kindsOf(rows));
  useEffect(() => {
    const isNew = ({ key, state, type }: Row): boolean => {
      if (before.current.get(key) === state.kind || state.kind === "waiting") return false;
      return state.kind !== "working" || type !== "picture";
    };
    const news = rows.filter(isNew).map((row) => [`${rowName(row, words)}:`, ...rowLines(row, words)].join(" "));
    before.current = kindsOf(rows);
    if (news.length > 0) setAnnouncement(news.join(" "));
  }, [rows]);
  return (
    <p class="visually-hidden" role="status" data-announcement>
      {announcement}
    </p>
  );
}

function kindsOf(rows: readonly Row[]): ReadonlyMap<number, string> {
  return new Map(rows.map((row) => [row.key, row.state.kind]));
}

/** Parts of a picture find more copies, and tell more of it: a question of its own, and nothing is ticked. */
function RegionsChoice({ files }: { readonly files: Files }) {
  const { t } = useWords();
  const id = useId();
  return (
    <fieldset class="question" aria-describedby={id}>
      <legend>{t("protect.files.regions.title")}</legend>
      <div id={id}>
        <p>{t("protect.files.regions.what")}</p>
        <p>{t("protect.files.regions.cost")}</p>
      </div>
      <label class="check">
        <input
          type="checkbox"
          checked={files.hasRegions}
          data-regions
          onChange={(event) => files.setRegions(event.currentTarget.checked)}
        />
        <span>{t("protect.files.regions")}</span>
      </label>
    </fieldset>
  );
}

function Recognised() {
  const { t } = useWords();
  return (
    <details>
      <summary>{t("protect.files.recognised")}</summary>
      <p>{t("protect.files.recognised.picture")}</p>
      <p>{t("protect.files.recognised.parts")}</p>
      <p>{t("protect.files.recognised.video")}</p>
      <p>{t("protect.files.recognised.sound")}</p>
      <p>{t("protect.files.recognised.identical")}</p>
      <p>{t("protect.files.recognised.no")}</p>
    </details>
  );
}

function isInWork({ state }: Row): boolean {
  return state.kind === "waiting" || state.kind === "working";
}
