// SPDX-License-Identifier: Apache-2.0
/* One chosen picture: its number, what became of it, and a look at it only on request. */

import { useEffect, useState } from "preact/hooks";
import { useWords } from "../island/words";
import type { Picture } from "./pictures";

interface Props {
  readonly picture: Picture;
  readonly number: number;
  readonly all: readonly Picture[];
  readonly onRemove: () => void;
}

export function PictureRow({ picture, number, all, onRemove }: Props) {
  const { t } = useWords();
  const [isShown, setShown] = useState(false);
  return (
    <li class="picture" data-outcome={picture.outcome.kind}>
      <p class="picture-name">{t("protect.pictures.name", { number })}</p>
      <p role="status">
        <OutcomeWords picture={picture} all={all} />
      </p>
      {isShown && <Look file={picture.file} number={number} />}
      <div class="picture-actions">
        <button
          type="button"
          class="button plain"
          aria-label={t(isShown ? "protect.pictures.hide.label" : "protect.pictures.show.label", { number })}
          onClick={() => setShown(!isShown)}
        >
          {t(isShown ? "protect.pictures.hide" : "protect.pictures.show")}
        </button>
        <button type="button" class="button plain" aria-label={t("protect.pictures.remove.label", { number })} onClick={onRemove}>
          {t("protect.pictures.remove")}
        </button>
      </div>
    </li>
  );
}

function OutcomeWords({ picture, all }: { readonly picture: Picture; readonly all: readonly Picture[] }) {
  const { t } = useWords();
  const { outcome } = picture;
  switch (outcome.kind) {
    case "working":
      return <>{t("protect.pictures.working")}</>;
    case "ready":
      return <>{t("protect.pictures.ready", { start: firstSigns(outcome.fingerprint.value) })}</>;
    case "same":
      return <>{t("protect.problem.same", { number: all.findIndex((other) => other.key === outcome.as) + 1 })}</>;
    case "problem":
      return <>{t(`protect.problem.${outcome.problem}`)}</>;
  }
}

/** Return the first signs of a fingerprint, enough to tell two apart by eye. */
export function firstSigns(value: string): string {
  return `${value.slice(0, 4)} ${value.slice(4, 8)}`;
}

/** The address lives in memory and ends with the look. */
function Look({ file, number }: { readonly file: Blob; readonly number: number }) {
  const { t } = useWords();
  const [address, setAddress] = useState<string | null>(null);
  useEffect(() => {
    const made = URL.createObjectURL(file);
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  return address === null ? null : <img class="look" src={address} alt={t("protect.pictures.shown", { number })} />;
}
