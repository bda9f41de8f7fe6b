// SPDX-License-Identifier: Apache-2.0
/*
 * The marks of plans, on this device and only where the person switched that on. They are small and say that this portal was used. Nothing
 * else about the person is kept with them.
 */

import { keepText, keptJson, keptText } from "../kept/kept_text";

const MARKS = "stillmine.marks";

/** Whether anything is kept, also what can't be read any more. */
export function areMarksKept(): boolean {
  return keptText(MARKS) !== null;
}

/** Return the marks that are kept, `threat.pay`; null where keeping is off. */
export function keptMarks(): ReadonlySet<string> | null {
  const kept = keptJson(MARKS);
  return Array.isArray(kept) ? new Set(kept.filter((mark) => typeof mark === "string")) : null;
}

/** Keep these marks, or forget all with null; false where the browser keeps nothing. */
export function keepMarks(marks: ReadonlySet<string> | null): boolean {
  return keepText(MARKS, marks === null ? null : JSON.stringify([...marks].sort()));
}
