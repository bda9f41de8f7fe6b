// SPDX-License-Identifier: Apache-2.0
/*
 * Choosing pictures. A picture is shown only when the person asks for it, because someone may stand behind them; a file
 * name is never shown at all.
 */

import { useEffect, useState } from "preact/hooks";
import { ActionButton, BackButton, Heading } from "../island/parts";
import { useWords } from "../island/words";
import { MAXIMUM_FILES_PER_CASE } from "../wire/types";
import { PictureRow } from "./picture_row";
import { fingerprintsOf, type Pictures } from "./pictures";

interface Props {
  readonly title: string;
  readonly pictures: Pictures;
  readonly onContinue: () => void;
  readonly onBack: () => void;
}

export function PictureStep({ title, pictures, onContinue, onBack }: Props) {
  const { t, plural } = useWords();
  const [hasPressed, setPressed] = useState(false);
  useEffect(() => pictures.prepare(), []);
  const isWorking = pictures.all.some((picture) => picture.outcome.kind === "working");
  const ready = fingerprintsOf(pictures.all).length;
  const isComplete = ready > 0 && !isWorking;
  const hasProblems = pictures.all.some((picture) => picture.outcome.kind === "problem" || picture.outcome.kind === "same");
  const goOn = (): void => {
    setPressed(true);
    if (!isComplete) return;
    pictures.dropProblems();
    onContinue();
  };
  return (
    <>
      <Heading>{title}</Heading>
      <p class="lead">{t("protect.pictures.lead")}</p>
      <p>{t("protect.pictures.fingerprint")}</p>
      <FileChooser isMore={pictures.all.length > 0} onChoose={pictures.add} />
      {pictures.isFull && <p role="alert">{t("protect.pictures.full", { count: MAXIMUM_FILES_PER_CASE })}</p>}
      {pictures.all.length > 0 && (
        <ul class="pictures" aria-label={t("protect.pictures.list")}>
          {pictures.all.map((picture, place) => (
            <PictureRow key={picture.key} picture={picture} number={place + 1} all={pictures.all} onRemove={() => pictures.remove(picture.key)} />
          ))}
        </ul>
      )}
      <details>
        <summary>{t("protect.pictures.recognised")}</summary>
        <p>{t("protect.pictures.recognised.yes")}</p>
        <p>{t("protect.pictures.recognised.no")}</p>
      </details>
      {isComplete && hasProblems && <p class="soft">{t("protect.pictures.leave_out")}</p>}
      <p role="status">{hasPressed && isWorking ? t("protect.pictures.wait") : ""}</p>
      <div class="actions">
        {ready > 0 && <ActionButton label={plural("protect.pictures.continue", ready)} onPress={goOn} />}
        <BackButton onBack={onBack} />
      </div>
    </>
  );
}

function FileChooser({ isMore, onChoose }: { readonly isMore: boolean; readonly onChoose: (files: readonly File[]) => void }) {
  const { t } = useWords();
  return (
    <div class="chooser">
      <input
        class="visually-hidden"
        id="chooser"
        type="file"
        accept="image/*"
        multiple
        onChange={(event) => {
          onChoose([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = "";
        }}
      />
      <label class={isMore ? "button second" : "button"} for="chooser">
        {t(isMore ? "protect.pictures.more" : "protect.pictures.choose")}
      </label>
    </div>
  );
}
