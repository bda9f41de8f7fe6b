// SPDX-License-Identifier: Apache-2.0
/*
 * The folder's pages: the evidence log and the notices, one island at two addresses. What was typed and not yet kept stays in memory
 * while the person looks around; the exchange is never asked for anything.
 */

import { useState } from "preact/hooks";
import { Heading } from "../island/parts";
import { useHold } from "../island/leaving_flow";
import { useSteps } from "../island/steps";
import { useWords } from "../island/words";
import { EMPTY_DRAFT, type Draft } from "../log/entry";
import { withNotice } from "../log/folder";
import type { Notice } from "../notice/notice";
import { Choose } from "./choose";
import { EntryForm } from "./entry_form";
import { Export } from "./export";
import type { ChosenFile } from "./files";
import { Fill } from "./fill";
import { Import } from "./import";
import { LogView } from "./log_view";
import { pageNoticeData } from "./notice_data";
import { NoticeTextView } from "./notice_text";
import { Notices } from "./notices";
import { Start } from "./start";
import { useFolder, type OpenFolder } from "./state";

/** Shown while no folder is open: these two. */
type Step = "start" | "import" | "log" | "entry" | "export" | "notices" | "choose" | "fill" | "text";

interface Writing {
  readonly draft: Draft;
  readonly files: readonly ChosenFile[];
}

const NOTHING: Writing = { draft: EMPTY_DRAFT, files: [] };

/** Whether there is something that would be gone with this page: a folder that is kept nowhere, or what is typed and not yet in it. */
function isOnlyHere(open: OpenFolder | null, { draft, files }: Writing): boolean {
  if (open === null) return false;
  const { entries, notices } = open.folder;
  const isTyped = files.length > 0 || JSON.stringify(draft) !== JSON.stringify(EMPTY_DRAFT);
  return isTyped || (!open.vault.isKept && entries.length + notices.length > 0);
}

export function FolderPage({ first }: { readonly first: "log" | "notices" }) {
  const { t } = useWords();
  const state = useFolder();
  const [data] = useState(pageNoticeData);
  const [writing, setWriting] = useState<Writing>(NOTHING);
  const [saved, setSaved] = useState<number | null>(null);
  const [notice, setNotice] = useState<Notice | null>(null);
  const isOpen = (one: Step): boolean => (state.open === null) === (one === "start" || one === "import");
  const { step, go, back } = useSteps<Step>("start", isOpen);
  useHold(isOnlyHere(state.open, writing));
  const close = (): void => {
    state.close();
    setWriting(NOTHING);
    setNotice(null);
    go("start");
  };
  if (!isSecureContext) {
    return (
      <>
        <Heading>{t("protect.secure.title")}</Heading>
        <p>{t("protect.secure.text")}</p>
      </>
    );
  }
  const { open } = state;
  if (open === null) {
    if (step === "import") return <Import state={state} onOpen={() => go(first)} onBack={back} />;
    const isLog = first === "log";
    return (
      <Start
        state={state}
        title={t(isLog ? "folder.title.evidence" : "folder.title.remove")}
        lead={t(isLog ? "folder.lead" : "folder.lead.remove")}
        onOpen={() => go(first)}
        onImport={() => go("import")}
      />
    );
  }
  const write = (draft: Draft): void => {
    setWriting({ draft, files: [] });
    go("entry");
  };
  const regime = data.regimes.find((one) => one.id === notice?.regime);
  const isText = step === "text" && notice !== null && regime !== undefined;
  if (step === "entry") {
    return (
      <EntryForm
        state={state}
        open={open}
        {...writing}
        onDraft={(draft) => setWriting((before) => ({ ...before, draft }))}
        onFiles={(files) => setWriting((before) => ({ ...before, files }))}
        onSaved={(number) => {
          setSaved(number);
          setWriting(NOTHING);
          go("log");
        }}
        onBack={back}
      />
    );
  }
  if (step === "export") return <Export open={open} onBack={back} />;
  if (step === "choose") {
    const choose = (chosen: Notice): void => {
      setNotice(chosen);
      go("fill");
    };
    return <Choose data={data} onChoose={choose} onBack={back} />;
  }
  if (step === "fill" && notice !== null && regime !== undefined) {
    return (
      <Fill
        state={state}
        open={open}
        notice={notice}
        regime={regime}
        onNotice={setNotice}
        onComplete={() => go("text")}
        onBack={back}
      />
    );
  }
  if (isText) {
    const sent = async (): Promise<void> => {
      const done = { ...notice, sent_at: new Date().toISOString() };
      if (await state.change((now) => withNotice(now, done))) go("notices");
    };
    const platform = data.platforms.find((one) => one.id === notice.platform);
    const speak = (language: string): void => {
      setNotice({ ...notice, language });
      void state.change((now) => withNotice(now, { ...notice, language }));
    };
    return (
      <NoticeTextView
        state={state}
        notice={notice}
        regime={regime}
        platform={platform}
        onLanguage={speak}
        onSent={() => void sent()}
        onChange={() => go("fill")}
        onBack={back}
      />
    );
  }
  if (step === "notices" || (first === "notices" && step !== "log")) {
    const show = (one: Notice): void => {
      setNotice(one);
      go(one.sent_at === "" ? "fill" : "text");
    };
    return (
      <Notices
        state={state}
        open={open}
        regimes={data.regimes}
        onNew={() => go("choose")}
        onOpen={show}
        onLog={() => go("log")}
      />
    );
  }
  return (
    <LogView
      state={state}
      open={open}
      saved={saved}
      onAdd={() => (writing.draft.corrects === null ? go("entry") : write(EMPTY_DRAFT))}
      onCorrect={(entry) => write({ ...EMPTY_DRAFT, kind: "correction", corrects: entry.number })}
      onExport={() => go("export")}
      onNotices={() => go("notices")}
      onClose={close}
    />
  );
}
