// SPDX-License-Identifier: Apache-2.0
/* A text to read and to copy. Where the browser does not let the page copy, the text is selected, so that the person can. */

import { useRef, useState } from "preact/hooks";
import { ActionButton } from "../island/parts";
import { useWords } from "../island/words";

interface Props {
  /** What the text is, for whoever does not see where it stands. */
  readonly title: string;
  readonly text: string;
  readonly language: string;
  /** On the button; a text without one is only to be read. */
  readonly copy?: string;
  /** Said when it is copied. */
  readonly copied?: string;
  /** What tests and styles know it by, `data-notice-text`. */
  readonly name: string;
}

export function CopiedText({ title, text, language, copy, copied, name }: Props) {
  const { t } = useWords();
  const shown = useRef<HTMLPreElement>(null);
  const [announcement, setAnnouncement] = useState("");
  const take = async (): Promise<void> => {
    setAnnouncement("");
    try {
      await navigator.clipboard.writeText(text);
      setAnnouncement(copied ?? t("notice.text.copied"));
    } catch {
      if (shown.current) getSelection()?.selectAllChildren(shown.current);
      setAnnouncement(t("notice.text.copy_failed"));
    }
  };
  return (
    <>
      <pre
        ref={shown}
        class="bytes"
        tabIndex={0}
        role="region"
        aria-label={title}
        lang={language}
        dir="auto"
        {...{ [`data-${name}`]: language }}
      >
        {text}
      </pre>
      {copy !== undefined && (
        <>
          <ActionButton label={copy} kind="second" onPress={() => void take()} />
          <p role="status" class="small">
            {announcement}
          </p>
        </>
      )}
    </>
  );
}
