// SPDX-License-Identifier: Apache-2.0
/* Copies a text, and says whether that worked. */

import { useState } from "preact/hooks";
import { ActionButton } from "../island/parts";
import { useWords } from "../island/words";

export function CopyButton({ label, text }: { readonly label: string; readonly text: string }) {
  const { t } = useWords();
  const [announcement, setAnnouncement] = useState("");
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setAnnouncement(t("notice.text.copied"));
    } catch {
      setAnnouncement(t("notice.text.copy_failed"));
    }
  };
  return (
    <>
      <ActionButton label={label} kind="second" onPress={() => void copy()} />
      <p role="status" class="small">
        {announcement}
      </p>
    </>
  );
}
