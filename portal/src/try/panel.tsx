// SPDX-License-Identifier: Apache-2.0
/*
 * "Try it": an altered copy of a chosen picture, made here, and whether it would be found by the picture's code. Loaded when it is opened;
 * nothing of it leaves the device or stays on it.
 */

import { Kernel } from "@kernel/kernel";
import kernelAddress from "@kernel/stillmine_pdq.wasm?url";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { contextOf, pixelsOf, requireTruePixels } from "../fingerprint/canvas";
import { loadBytes } from "../fingerprint/load";
import { useWords } from "../island/words";
import { Look } from "../island/look";
import { altered, ALTERATIONS, type Alteration } from "./alter";
import { wouldBeFound } from "./compare";

interface Props {
  readonly file: Blob;
  /** The picture's own fingerprint, hex. */
  readonly pdq: string;
  readonly name: string;
  readonly onAdd: (copy: Blob) => void;
}

interface Verdict {
  /** What it is a verdict on: it never stands beside another alteration, not for a moment. */
  readonly alteration: Alteration;
  readonly copy: Blob;
  readonly isFound: boolean;
}

export default function TryPanel({ file, pdq, name, onAdd }: Props) {
  const { t } = useWords();
  const id = useId();
  const [alteration, setAlteration] = useState<Alteration>("caption");
  const [verdict, setVerdict] = useState<Verdict | "working" | "failed">("working");
  const [isShown, setShown] = useState(false);
  const [isAdded, setAdded] = useState(false);
  const kernel = useRef<Promise<Kernel> | null>(null);
  useEffect(() => {
    let isCurrent = true;
    setVerdict("working");
    setShown(false);
    setAdded(false);
    kernel.current ??= loadBytes(kernelAddress).then((bytes) => Kernel.load(bytes));
    void verdictOf(kernel.current, file, pdq, alteration, t("try.words"))
      .catch(() => {
        kernel.current = null; // it may load the next time
        return "failed" as const;
      })
      .then((found) => isCurrent && setVerdict(found));
    return () => {
      isCurrent = false;
    };
  }, [file, pdq, alteration]);
  const isKnown = typeof verdict === "object" && verdict.alteration === alteration;
  return (
    <div class="try" data-try={alteration} data-found={isKnown ? String(verdict.isFound) : undefined}>
      <label class="field-label" for={id}>
        {t("try.what")}
      </label>
      <select
        class="select"
        id={id}
        autocomplete="off"
        value={alteration}
        onChange={(event) => setAlteration(ALTERATIONS.find((one) => one === event.currentTarget.value) ?? "caption")}
      >
        {ALTERATIONS.map((one) => (
          <option key={one} value={one}>
            {t(`try.alteration.${one}`)}
          </option>
        ))}
      </select>
      <p role="status">
        {!isKnown && verdict !== "failed" && t("site.script.waiting")}
        {verdict === "failed" && t("try.failed")}
        {isKnown && <strong>{t(verdict.isFound ? "try.found" : "try.not_found")}</strong>}
      </p>
      {isKnown && !verdict.isFound && <p>{t("try.not_found.do")}</p>}
      {isKnown && (
        <div class="file-actions">
          <button type="button" class="button plain" onClick={() => setShown(!isShown)}>
            {t(isShown ? "try.hide" : "try.show")}
          </button>
          {!verdict.isFound && !isAdded && (
            <button
              type="button"
              class="button plain"
              onClick={() => {
                setAdded(true);
                onAdd(verdict.copy);
              }}
            >
              {t("try.add")}
            </button>
          )}
        </div>
      )}
      {isAdded && <p role="status">{t("try.added")}</p>}
      {isKnown && isShown && <Look file={verdict.copy} type="picture" label={t("try.shown", { name })} />}
      <p class="small soft">{t("try.limit")}</p>
    </div>
  );
}

async function verdictOf(
  kernel: Promise<Kernel>,
  file: Blob,
  pdq: string,
  alteration: Alteration,
  words: string,
): Promise<Verdict> {
  const copy = await altered(file, alteration, words);
  const canvas = document.createElement("canvas");
  requireTruePixels(canvas);
  const bitmap = await createImageBitmap(copy);
  contextOf(canvas);
  const { width, height } = bitmap;
  const pixels = pixelsOf(bitmap, width, height, canvas);
  bitmap.close();
  return { alteration, copy, isFound: wouldBeFound(await kernel, pixels, width, height, pdq) };
}
