// SPDX-License-Identifier: Apache-2.0
/* A complete notice: its text in the site's language and the person's, the ways to send it, and the mark that it was sent. We send nothing. */

import { useEffect, useState } from "preact/hooks";
import { ActionButton, BackButton, Heading, Problem } from "../island/parts";
import { Sheet } from "../island/sheet";
import { useWords } from "../island/words";
import type { Block } from "../log/report";
import type { Notice } from "../notice/notice";
import type { Platform, Regime } from "../notice/regime";
import { noticeParts, noticeText } from "../notice/text";
import { Blocks } from "./blocks";
import { CopiedText } from "./copy";
import { download } from "../island/download";
import { Options } from "./fields";
import { AsData, FormParts, Ways } from "./form_parts";
import { FolderTrouble } from "./problem";
import { useSiteWords } from "./site_words";
import type { FolderState } from "./state";

interface Props {
  readonly state: FolderState;
  readonly notice: Notice;
  readonly regime: Regime;
  readonly platform: Platform | undefined;
  readonly onLanguage: (language: string) => void;
  readonly onSent: () => void;
  readonly onChange: () => void;
  readonly onBack: () => void;
}

/** What mail programs take in an address with some certainty. */
const MAIL_CHARACTERS = 1_800;

export function NoticeTextView({ state, notice, regime, platform, onLanguage, onSent, onChange, onBack }: Props) {
  const words = useWords();
  const { t } = words;
  const personText = noticeText(notice, regime, words);
  const { site, all } = useSiteWords(notice);
  const sent = noticeText(notice, regime, site);
  const isOther = site.locale !== words.locale;
  return (
    <>
      <Heading>{t("notice.text.title")}</Heading>
      <p class="lead">{t("notice.text.lead")}</p>
      {all.length > 1 && notice.sent_at === "" && (
        <Options
          label={t("notice.text.language")}
          name="language"
          value={site.locale}
          options={all.map((one) => [one.locale, one.t("locale.name")])}
          onChange={onLanguage}
        />
      )}
      {isOther && (
        <TextOf
          title={t("notice.text.site", { language: site.t("locale.name") })}
          {...sent}
          language={site.locale}
          isSent
        />
      )}
      {isOther && site.t("locale.is_reviewed") === "no" && <p class="slip">{t("notice.text.machine")}</p>}
      <TextOf
        title={isOther ? t("notice.text.own") : personText.subject}
        {...personText}
        language={words.locale}
        isSent={!isOther}
      />
      <Sending subject={sent.subject} body={sent.body} language={site.locale} />
      <Ways regime={regime} platform={platform} />
      <FormParts parts={noticeParts(notice, regime, site)} language={site.locale} />
      <AsData notice={notice} regime={regime} site={site} />
      <FolderTrouble problem={state.problem} />
      <div class="actions">
        {notice.sent_at === "" && <ActionButton label={t("notice.text.sent")} onPress={onSent} />}
        {notice.sent_at === "" && <ActionButton label={t("notice.text.change")} kind="second" onPress={onChange} />}
        <BackButton onBack={onBack} />
      </div>
    </>
  );
}

interface TextProps {
  readonly title: string;
  readonly subject: string;
  readonly body: string;
  readonly language: string;
  /** Whether this is the text for the site, not the person's own beside it. */
  readonly isSent: boolean;
}

function TextOf({ title, subject, body, language, isSent }: TextProps) {
  const { t } = useWords();
  return (
    <section class="notice-part">
      <h2>{title}</h2>
      <CopiedText
        title={title}
        text={`${subject}\n\n${body}`}
        language={language}
        {...(isSent && { copy: t("notice.text.copy") })}
        name="notice-text"
      />
    </section>
  );
}

function Sending({
  subject,
  body,
  language,
}: {
  readonly subject: string;
  readonly body: string;
  readonly language: string;
}) {
  const words = useWords();
  const { t } = words;
  const [hasFailed, setFailed] = useState(false);
  const [isPrinting, setPrinting] = useState(false);
  useEffect(() => {
    if (!isPrinting) return;
    window.print();
    setPrinting(false);
  }, [isPrinting]);
  const mail = `mailto:?subject=${encodeURIComponent(subject)}&body=${encodeURIComponent(body)}`;
  const blocks: readonly Block[] = [
    { kind: "title", text: subject },
    ...body.split("\n\n").map((text) => ({ kind: "text", text }) as const),
  ];
  const keep = async (): Promise<void> => {
    setFailed(false);
    try {
      const { pdfOf } = await import("../log/pdf");
      download(
        await pdfOf(blocks, subject, language),
        `notice-${new Date().toISOString().slice(0, 10)}.pdf`,
        "application/pdf",
      );
    } catch {
      setFailed(true);
    }
  };
  return (
    <div class="stack">
      {mail.length <= MAIL_CHARACTERS ? (
        <a class="button second" href={mail}>
          {t("notice.text.mail")}
        </a>
      ) : (
        <p class="small">{t("notice.text.mail_long")}</p>
      )}
      <ActionButton label={t("notice.text.pdf")} kind="second" onPress={() => void keep()} />
      <ActionButton label={t("notice.text.print")} kind="second" onPress={() => setPrinting(true)} />
      {hasFailed && <Problem>{t("folder.export.failed")}</Problem>}
      {isPrinting && (
        <Sheet>
          <Blocks blocks={blocks} />
        </Sheet>
      )}
    </div>
  );
}
