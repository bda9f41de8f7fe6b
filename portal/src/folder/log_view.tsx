// SPDX-License-Identifier: Apache-2.0
/* The entries, newest first, and the ways on. */

import { useState } from "preact/hooks";
import { ActionButton, Heading } from "../island/parts";
import { useWords } from "../island/words";
import { isClockBehind, LIMITS, TEXT_FIELDS, type Entry } from "../log/entry";
import type { Folder } from "../log/folder";
import { localOf } from "../log/report";
import { timeline } from "../log/timeline";
import { Slip } from "./fields";
import { FolderTrouble } from "./problem";
import type { FolderState, OpenFolder } from "./state";
import { QuickNote } from "./quick_note";
import { Wipe } from "./wipe";

interface Props {
  readonly state: FolderState;
  readonly open: OpenFolder;
  readonly saved: number | null;
  /** What is typed into the one-line note and not yet kept. */
  readonly quick: string;
  readonly onQuick: (text: string) => void;
  readonly onSaved: (number: number) => void;
  readonly onAdd: () => void;
  readonly onCorrect: (entry: Entry) => void;
  readonly onExport: () => void;
  readonly onNotices: () => void;
  readonly onClose: () => void;
}

export function LogView({
  state,
  open,
  saved,
  quick,
  onQuick,
  onSaved,
  onAdd,
  onCorrect,
  onExport,
  onNotices,
  onClose,
}: Props) {
  const { t } = useWords();
  const [isWiping, setWiping] = useState(false);
  const { folder, vault } = open;
  if (isWiping) {
    const keep = (): void => setWiping(false);
    return <Wipe state={state} number={vault.number} erase={() => state.wipe(null)} onWiped={onClose} onKeep={keep} />;
  }
  return (
    <>
      <Heading>{t("folder.log.title")}</Heading>
      {vault.number !== null && <p class="small soft">{t("folder.number", { number: vault.number })}</p>}
      <Notes folder={folder} isKept={vault.number !== null} />
      <p role="status">{saved === null ? "" : t("folder.entry.saved", { number: saved })}</p>
      {folder.entries.length === 0 && <p class="lead">{t("folder.log.empty")}</p>}
      {folder.entries.length < LIMITS.entries && (
        <QuickNote state={state} open={open} text={quick} onText={onQuick} onSaved={onSaved} />
      )}
      <div class="actions">
        {folder.entries.length < LIMITS.entries && <ActionButton label={t("folder.log.add")} onPress={onAdd} />}
        <ActionButton label={t("folder.log.notices")} kind="second" onPress={onNotices} />
        {folder.entries.length > 0 && <ActionButton label={t("folder.log.export")} kind="second" onPress={onExport} />}
      </div>
      {folder.entries.length >= LIMITS.entries && <Slip>{t("folder.entry.full", { count: LIMITS.entries })}</Slip>}
      <FolderTrouble problem={state.problem} />
      {folder.entries.length > 0 && <Entries entries={folder.entries} onCorrect={onCorrect} />}
      <More state={state} open={open} onClose={onClose} onWipe={() => setWiping(true)} />
    </>
  );
}

/** What is needed less often. */
function More(props: Pick<Props, "state" | "open" | "onClose"> & { readonly onWipe: () => void }) {
  const { state, open, onClose, onWipe } = props;
  const { t } = useWords();
  const { folder, vault } = open;
  return (
    <>
      <h2>{t("folder.log.more")}</h2>
      <ul class="tool-list">
        {!folder.is_text_only && (
          <li>
            <button
              type="button"
              class="button plain"
              onClick={() => void state.change((now) => ({ ...now, is_text_only: true }))}
            >
              {t("folder.log.text_only")}
            </button>
          </li>
        )}
        {vault.number !== null && (
          <li>
            <button type="button" class="button plain" onClick={onClose}>
              {t("folder.log.lock")}
            </button>
          </li>
        )}
        <li>
          <button type="button" class="button plain" onClick={onWipe}>
            {t("folder.log.wipe")}
          </button>
        </li>
      </ul>
    </>
  );
}

/** What holds for the whole folder and has to be known before writing. */
function Notes({ folder, isKept }: { readonly folder: Folder; readonly isKept: boolean }) {
  const { t } = useWords();
  return (
    <>
      {!isKept && <p class="slip">{t("folder.window_only")}</p>}
      {folder.is_text_only && <p class="slip">{t("folder.text_only")}</p>}
      {isClockBehind(folder.entries, new Date()) && <Slip>{t("folder.clock")}</Slip>}
    </>
  );
}

/** Newest first, as they were written; or by the days on which things happened. */
function Entries({ entries, onCorrect }: { readonly entries: readonly Entry[] } & Pick<Props, "onCorrect">) {
  const { t, date } = useWords();
  const [isByDay, setByDay] = useState(false);
  const card = (entry: Entry) => <EntryCard key={entry.number} entry={entry} onCorrect={() => onCorrect(entry)} />;
  return (
    <>
      {entries.length > 1 && (
        <button type="button" class="button plain" onClick={() => setByDay(!isByDay)}>
          {t(isByDay ? "folder.log.newest" : "folder.log.by_day")}
        </button>
      )}
      {isByDay ? (
        timeline(entries).map(({ day, entries: ofDay }) => (
          <section key={day} data-day={day}>
            <h2>{date(new Date(`${day}T12:00:00`), new Date())}</h2>
            <ol class="cards">{ofDay.map(card)}</ol>
          </section>
        ))
      ) : (
        <ol class="cards" reversed aria-label={t("folder.log.list")}>
          {[...entries].reverse().map(card)}
        </ol>
      )}
    </>
  );
}

function EntryCard({ entry, onCorrect }: { readonly entry: Entry; readonly onCorrect: () => void }) {
  const { t } = useWords();
  const heading = t("folder.log.entry", { number: entry.number, kind: t(`log.kind.${entry.kind}`) });
  return (
    <li class="card" data-entry={entry.number}>
      <h2>{heading}</h2>
      <dl class="pairs">
        {entry.seen_at !== "" && <Pair label={t("log.field.seen_at")} text={entry.seen_at.replace("T", " ")} />}
        {entry.corrects !== null && <Pair label={t("log.field.corrects")} text={String(entry.corrects)} />}
        {TEXT_FIELDS.filter((field) => entry[field] !== "").map((field) => (
          <Pair key={field} label={t(`log.field.${field}`)} text={entry[field]} />
        ))}
        {entry.files.map((file) => (
          <Pair
            key={file.sha256}
            label={t("log.field.file")}
            text={t("log.report.file", { bytes: file.bytes, sha256: file.sha256, type: file.type || "?" })}
          />
        ))}
      </dl>
      <p class="small soft">
        {t("log.report.written", {
          utc: entry.written_at,
          local: `${localOf(entry)} ${entry.offset}`,
          zone: entry.zone,
        })}
      </p>
      <button type="button" class="button plain" onClick={onCorrect}>
        {t("folder.log.correct")}
        <span class="visually-hidden"> ({entry.number})</span>
      </button>
    </li>
  );
}

function Pair({ label, text }: { readonly label: string; readonly text: string }) {
  return (
    <>
      <dt>{label}</dt>
      <dd dir="auto">{text}</dd>
    </>
  );
}
