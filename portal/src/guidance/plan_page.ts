// SPDX-License-Identifier: Apache-2.0
/*
 * Marks on a plan. They hold until the page is left, and longer only where the person switches that on. Of plans that are not
 * on this page the kept marks stay as they are.
 */

import { areMarksKept, keepMarks, keptMarks } from "./remembered";

const boxes = [...document.querySelectorAll<HTMLInputElement>("input[data-mark]")];
const place = document.querySelector<HTMLElement>("[data-keep-marks]");
const keep = place?.querySelector("input");
const refused = place?.querySelector<HTMLElement>("[data-refused]");

function marks(): ReadonlySet<string> {
  const all = new Set(keptMarks() ?? []);
  for (const box of boxes) {
    const mark = box.dataset["mark"] ?? "";
    if (box.checked) all.add(mark);
    else all.delete(mark);
  }
  return all;
}

if (place && keep && refused) {
  const kept = keptMarks();
  for (const box of boxes) box.checked = kept?.has(box.dataset["mark"] ?? "") ?? false;
  keep.checked = kept !== null;
  place.hidden = false;
  const write = (): void => {
    const isKept = keepMarks(keep.checked ? marks() : null);
    refused.hidden = isKept;
    if (!isKept) keep.checked = areMarksKept();
  };
  keep.addEventListener("change", write);
  for (const box of boxes) box.addEventListener("change", () => keep.checked && write());
}
