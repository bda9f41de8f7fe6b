// SPDX-License-Identifier: Apache-2.0
/* The steps of a notice: which law and site, filling it in, its text, and the list of all. */

import { withNotice } from "../log/folder";
import type { Notice } from "../notice/notice";
import type { NoticeData, Regime } from "../notice/regime";
import { Choose } from "./choose";
import { Fill } from "./fill";
import { NoticeTextView } from "./notice_text";
import { Notices } from "./notices";
import type { FolderState, OpenFolder } from "./state";

export type NoticeStep = "notices" | "choose" | "fill" | "text";

/** A notice in work, and the law it is written for. */
interface Filled {
  readonly notice: Notice;
  readonly regime: Regime;
}

interface Props {
  readonly state: FolderState;
  readonly open: OpenFolder;
  readonly step: NoticeStep;
  readonly go: (step: NoticeStep | "log") => void;
  readonly data: NoticeData;
  readonly filled: Filled | null;
  readonly onNotice: (notice: Notice) => void;
  /** A new notice, with what the link says. */
  readonly onBegin: (notice: Notice) => void;
  readonly onBack: () => void;
}

export function NoticeSteps({ state, open, step, go, data, filled, onNotice, onBegin, onBack }: Props) {
  const show = (notice: Notice, next: NoticeStep): void => {
    onNotice(notice);
    go(next);
  };
  if (step === "choose") {
    const { entries } = open.folder;
    const begin = (notice: Notice): void => {
      onBegin(notice);
      go("fill");
    };
    return <Choose data={data} entries={entries} onChoose={begin} onBack={onBack} />;
  }
  if (step === "fill" && filled !== null) {
    return (
      <Fill state={state} open={open} {...filled} onNotice={onNotice} onComplete={() => go("text")} onBack={onBack} />
    );
  }
  if (step === "text" && filled !== null)
    return <TextStep state={state} go={go} data={data} filled={filled} onNotice={onNotice} onBack={onBack} />;
  return (
    <Notices
      state={state}
      open={open}
      regimes={data.regimes}
      onNew={() => go("choose")}
      onOpen={(notice) => show(notice, notice.sent_at === "" ? "fill" : "text")}
      onLog={() => go("log")}
    />
  );
}

type TextProps = Pick<Props, "state" | "go" | "data" | "onNotice" | "onBack"> & { readonly filled: Filled };

function TextStep({ state, go, data, filled, onNotice, onBack }: TextProps) {
  const { notice, regime } = filled;
  const markSent = async (): Promise<void> => {
    const sent = { ...notice, sent_at: new Date().toISOString() };
    if (await state.change((now) => withNotice(now, sent))) go("notices");
  };
  const chooseLanguage = (language: string): void => {
    onNotice({ ...notice, language });
    void state.change((now) => withNotice(now, { ...notice, language }));
  };
  return (
    <NoticeTextView
      state={state}
      notice={notice}
      regime={regime}
      platform={data.platforms.find((one) => one.id === notice.platform)}
      onLanguage={chooseLanguage}
      onSent={() => void markSent()}
      onChange={() => go("fill")}
      onBack={onBack}
    />
  );
}
