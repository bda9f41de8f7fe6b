// SPDX-License-Identifier: Apache-2.0
/*
 * "Try it": an altered copy of a chosen picture, made here, and whether it would be found by the picture's code. Loaded when it is opened;
 * nothing of it leaves the device or stays on it.
 */

import { useEffect, useId, useRef, useState } from "preact/hooks";
import { contextOf, pixelsOf, requireTruePixels } from "../fingerprint/canvas";
import { useWords } from "../island/words";
import { Look } from "../island/look";
import { altered, ALTERATIONS, type Alteration } from "./alter";
import type { Codes, Found } from "./compare";
import { Comparer } from "./comparer";

interface Props {
  readonly file: Blob;
  /** The picture's own. */
  readonly codes: Codes;
  /** It has regions that the person has not said yes to. */
  readonly isAskedParts: boolean;
  readonly name: string;
  readonly onAdd: (copy: Blob) => void;
}

interface Verdict {
  /** What it is a verdict on: it never stands beside another alteration, not for a moment. */
  readonly alteration: Alteration;
  readonly copy: Blob;
  readonly found: Found;
}

const WORDS = {
  whole: "try.found",
  parts: "try.found.parts",
  unsure: "try.unsure",
  no: "try.not_found",
} as const;

/** Whether a copy should be chosen too: it would not be found for sure. */
function isLost({ found }: Verdict): boolean {
  return found === "no" || found === "unsure";
}

export default function TryPanel({ file, codes, isAskedParts, name, onAdd }: Props) {
  const { t } = useWords();
  const [alteration, setAlteration] = useState<Alteration>("caption");
  const verdict = useVerdict(file, codes, alteration);
  const known = typeof verdict === "object" && verdict.alteration === alteration ? verdict : null;
  return (
    <div class="try" data-try={alteration} data-found={known?.found}>
      <AlterationChoice chosen={alteration} onChoose={setAlteration} />
      <p role="status">
        {!known && verdict !== "failed" && t("site.script.waiting")}
        {verdict === "failed" && t("try.failed")}
        {known && <strong>{t(WORDS[known.found])}</strong>}
      </p>
      {known && isLost(known) && isAskedParts && (
        <p>{t("try.not_found.parts", { question: t("protect.files.regions.title") })}</p>
      )}
      {known && isLost(known) && <p>{t("try.not_found.do")}</p>}
      {known && <CopyActions key={known.alteration} verdict={known} name={name} onAdd={onAdd} />}
      <p class="small soft">{t("try.limit")}</p>
      {codes.regions !== null && <p class="small soft">{t("try.limit.parts")}</p>}
    </div>
  );
}

/** Return what is known of an alteration; while another is looked at, of that one no longer. */
function useVerdict(file: Blob, { pdq, regions }: Codes, alteration: Alteration): Verdict | "working" | "failed" {
  const { t } = useWords();
  const [verdict, setVerdict] = useState<Verdict | "working" | "failed">("working");
  const comparer = useRef<Comparer | null>(null);
  useEffect(() => () => comparer.current?.stop(), []);
  useEffect(() => {
    let isCurrent = true;
    setVerdict("working");
    comparer.current ??= new Comparer();
    void verdictOf(comparer.current, file, { pdq, regions }, alteration, t("try.words"))
      .catch(() => "failed" as const)
      .then((found) => isCurrent && setVerdict(found));
    return () => {
      isCurrent = false;
    };
  }, [file, pdq, regions, alteration]);
  return verdict;
}

interface ChoiceProps {
  readonly chosen: Alteration;
  readonly onChoose: (alteration: Alteration) => void;
}

function AlterationChoice({ chosen, onChoose }: ChoiceProps) {
  const { t } = useWords();
  const id = useId();
  return (
    <>
      <label class="field-label" for={id}>
        {t("try.what")}
      </label>
      <select
        class="select"
        id={id}
        autocomplete="off"
        value={chosen}
        onChange={(event) => onChoose(ALTERATIONS.find((one) => one === event.currentTarget.value) ?? "caption")}
      >
        {ALTERATIONS.map((one) => (
          <option key={one} value={one}>
            {t(`try.alteration.${one}`)}
          </option>
        ))}
      </select>
    </>
  );
}

interface CopyProps {
  readonly verdict: Verdict;
  readonly name: string;
  readonly onAdd: (copy: Blob) => void;
}

/** Seeing the altered copy, and taking it into the case where it would not be found. */
function CopyActions({ verdict, name, onAdd }: CopyProps) {
  const { t } = useWords();
  const [isShown, setShown] = useState(false);
  const [isAdded, setAdded] = useState(false);
  const add = (): void => {
    setAdded(true);
    onAdd(verdict.copy);
  };
  return (
    <>
      <div class="file-actions">
        <button type="button" class="button plain" onClick={() => setShown(!isShown)}>
          {t(isShown ? "try.hide" : "try.show")}
        </button>
        {isLost(verdict) && !isAdded && (
          <button type="button" class="button plain" onClick={add}>
            {t("try.add")}
          </button>
        )}
      </div>
      {isAdded && <p role="status">{t("try.added")}</p>}
      {isShown && <Look file={verdict.copy} type="picture" label={t("try.shown", { name })} />}
    </>
  );
}

async function verdictOf(
  comparer: Comparer,
  file: Blob,
  codes: Codes,
  alteration: Alteration,
  words: string,
): Promise<Verdict | "failed"> {
  const copy = await altered(file, alteration, words);
  const canvas = document.createElement("canvas");
  requireTruePixels(canvas);
  const bitmap = await createImageBitmap(copy);
  contextOf(canvas);
  const { width, height } = bitmap;
  const pixels = pixelsOf(bitmap, width, height, canvas);
  bitmap.close();
  const found = await comparer.ask({ picture: { pixels, width, height }, codes });
  return found === "failed" ? found : { alteration, copy, found };
}
