// SPDX-License-Identifier: Apache-2.0
/* Hands over a date for the person's calendar. The exchange reminds nobody, as it knows nobody. */

import { toHex } from "../bytes/bytes";
import { download } from "../island/download";
import { ActionButton } from "../island/parts";
import { useWords } from "../island/words";
import type { CaseView } from "../wire/types";
import { reminderDay, reminderFile } from "./reminder";

const RANDOM_BYTES = 16;

export function Reminding({ view }: { readonly view: CaseView }) {
  const { t, date } = useWords();
  const now = new Date();
  const day = view.state === "open" ? reminderDay(new Date(view.expires_at), now) : null;
  if (day === null) return null;
  const title = t("case.reminder.event");
  const save = (): void => {
    const id = toHex(crypto.getRandomValues(new Uint8Array(RANDOM_BYTES)));
    const text = reminderFile(day, title, id, new Date());
    download(new Uint8Array(new TextEncoder().encode(text)), "reminder.ics", "text/calendar");
  };
  return (
    <details data-reminder>
      <summary>{t("case.reminder.title")}</summary>
      <p>{t("case.reminder.what", { date: date(day, now), title })}</p>
      <p>{t("case.reminder.shared")}</p>
      <ActionButton kind="second" label={t("case.reminder.save")} onPress={save} />
    </details>
  );
}
