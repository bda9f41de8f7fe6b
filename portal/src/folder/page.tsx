// SPDX-License-Identifier: Apache-2.0
/*
 * The folder's pages: the evidence log and the notices, one island at two addresses. What was typed and not yet kept stays in memory
 * while the person looks around; the exchange is never asked for anything.
 */

import { useEffect, useState } from "preact/hooks";
import { Heading } from "../island/parts";
import { useHold } from "../island/leaving_flow";
import { useSteps, type Steps } from "../island/steps";
import { useWords } from "../island/words";
import { EMPTY_DRAFT, type Draft } from "../log/entry";
import type { Notice } from "../notice/notice";
import { forgetAnchor } from "../place/place";
import { EntryForm } from "./entry_form";
import { Export } from "./export";
import type { ChosenFile } from "./files";
import { Import } from "./import";
import { LogView } from "./log_view";
import { pageNoticeData } from "./notice_data";
import { NoticeSteps, type NoticeStep } from "./notice_steps";
import { Start } from "./start";
import { useFolder, type FolderState, type OpenFolder } from "./state";

/** Shown while no folder is open. */
type ClosedStep = "start" | "import";
type LogStep = "log" | "entry" | "export";
type Step = ClosedStep | LogStep | NoticeStep;
/** Which of the two addresses this is. */
type First = "log" | "notices";

interface Writing {
  readonly draft: Draft;
  readonly files: readonly ChosenFile[];
}

const NOTHING: Writing = { draft: EMPTY_DRAFT, files: [] };

/** Whether there is something that would be gone with this page: a folder that is kept nowhere, or what is typed and not yet in it. */
function isOnlyHere(open: OpenFolder | null, { draft, files }: Writing, quick: string): boolean {
  if (open === null) return false;
  const { entries, notices } = open.folder;
  const isTyped = quick !== "" || files.length > 0 || JSON.stringify(draft) !== JSON.stringify(EMPTY_DRAFT);
  return isTyped || (open.vault.number === null && entries.length + notices.length > 0);
}

export function FolderPage({ first }: { readonly first: First }) {
  const state = useFolder();
  const [data] = useState(pageNoticeData);
  const [writing, setWriting] = useState<Writing>(NOTHING);
  const [quick, setQuick] = useState("");
  const [saved, setSaved] = useState<number | null>(null);
  const [notice, setNotice] = useState<Notice | null>(null);
  const begin = useLink(state.open, setNotice);
  const isOpen = (one: Step): boolean => (state.open === null) === (one === "start" || one === "import");
  const steps = useSteps<Step>("start", isOpen);
  useHold(isOnlyHere(state.open, writing, quick));
  if (!isSecureContext) return <NotSecure />;
  const { open } = state;
  if (open === null) return <ClosedFolder state={state} steps={steps} first={first} />;
  const close = (): void => {
    state.close();
    setWriting(NOTHING);
    setQuick("");
    setNotice(null);
    steps.go("start");
  };
  const regime = data.regimes.find((one) => one.id === notice?.regime);
  const filled = notice !== null && regime !== undefined ? { notice, regime } : null;
  const step = shownStep(steps.step, filled !== null, first);
  const shared = { state, open, onBack: steps.back };
  if (isOfLog(step)) {
    const log = { writing, onWriting: setWriting, quick, onQuick: setQuick, saved, onSaved: setSaved, onClose: close };
    return <LogSteps {...shared} {...log} step={step} go={steps.go} />;
  }
  const own = { data, filled, onNotice: setNotice, onBegin: begin };
  return <NoticeSteps {...shared} {...own} step={step} go={steps.go} />;
}

/** What a link says (`#nz/is_fake`) is for one notice: once that one is kept, the next begins without it. */
function useLink(open: OpenFolder | null, onNotice: (notice: Notice) => void): (notice: Notice) => void {
  const [begun, setBegun] = useState<string | null>(null);
  const isKept = open?.folder.notices.some(({ id }) => id === begun) ?? false;
  useEffect(() => {
    if (isKept) forgetAnchor();
  }, [isKept]);
  return (notice) => {
    setBegun(notice.id);
    onNotice(notice);
  };
}

/** A step of a notice is shown only where there is one and its regime is known; whatever can't be shown is the page's first view. */
function shownStep(step: Step, isFilled: boolean, first: First): LogStep | NoticeStep {
  if (step === "start" || step === "import") return first;
  return isFilled || (step !== "fill" && step !== "text") ? step : first;
}

function isOfLog(step: LogStep | NoticeStep): step is LogStep {
  return step === "log" || step === "entry" || step === "export";
}

function NotSecure() {
  const { t } = useWords();
  return (
    <>
      <Heading>{t("protect.secure.title")}</Heading>
      <p>{t("protect.secure.text")}</p>
    </>
  );
}

interface ClosedProps {
  readonly state: FolderState;
  readonly steps: Steps<Step>;
  readonly first: First;
}

function ClosedFolder({ state, steps, first }: ClosedProps) {
  const { t } = useWords();
  const enter = (): void => steps.go(first);
  if (steps.step === "import") return <Import state={state} onOpen={enter} onBack={steps.back} />;
  const isLog = first === "log";
  return (
    <Start
      state={state}
      title={t(isLog ? "folder.title.evidence" : "folder.title.remove")}
      lead={t(isLog ? "folder.lead" : "folder.lead.remove")}
      onOpen={enter}
      onImport={() => steps.go("import")}
    />
  );
}

interface LogProps {
  readonly state: FolderState;
  readonly open: OpenFolder;
  readonly step: LogStep;
  readonly go: (step: Step) => void;
  readonly writing: Writing;
  readonly onWriting: (update: Writing | ((before: Writing) => Writing)) => void;
  readonly quick: string;
  readonly onQuick: (text: string) => void;
  /** The number of the entry that was kept last. */
  readonly saved: number | null;
  readonly onSaved: (number: number) => void;
  readonly onBack: () => void;
  readonly onClose: () => void;
}

function LogSteps(props: LogProps) {
  const { state, open, step, go, writing, onWriting, quick, onQuick, saved, onSaved, onBack, onClose } = props;
  const write = (draft: Draft): void => {
    onWriting({ draft, files: [] });
    go("entry");
  };
  const keepSaved = (number: number): void => {
    onSaved(number);
    onWriting(NOTHING);
    go("log");
  };
  if (step === "export") return <Export open={open} onBack={onBack} />;
  if (step === "entry") {
    return (
      <EntryForm
        state={state}
        open={open}
        {...writing}
        onDraft={(draft) => onWriting((before) => ({ ...before, draft }))}
        onFiles={(files) => onWriting((before) => ({ ...before, files }))}
        onSaved={keepSaved}
        onBack={onBack}
      />
    );
  }
  return (
    <LogView
      state={state}
      open={open}
      saved={saved}
      quick={quick}
      onQuick={onQuick}
      onSaved={onSaved}
      onAdd={() => (writing.draft.corrects === null ? go("entry") : write(EMPTY_DRAFT))}
      onCorrect={(entry) => write({ ...EMPTY_DRAFT, kind: "correction", corrects: entry.number })}
      onExport={() => go("export")}
      onNotices={() => go("notices")}
      onClose={onClose}
    />
  );
}
