// SPDX-License-Identifier: Apache-2.0
/*
 * The marks of plans, on this device and only where the person switched that on. They are small and say that this portal was used. Nothing
 * else about the person is kept with them.
 */

const MARKS = "stillmine.marks";

/** Whether anything is kept, also what can't be read any more. */
export function areMarksKept(): boolean {
  return read(MARKS) !== null;
}

/** Return the marks that are kept, `threat.pay`; null where keeping is off. */
export function keptMarks(): ReadonlySet<string> | null {
  try {
    const kept: unknown = JSON.parse(read(MARKS) ?? "null");
    return Array.isArray(kept) ? new Set(kept.filter((mark) => typeof mark === "string")) : null;
  } catch {
    return null;
  }
}

/** Keep these marks, or forget all with null; false where the browser keeps nothing. */
export function keepMarks(marks: ReadonlySet<string> | null): boolean {
  return write(MARKS, marks === null ? null : JSON.stringify([...marks].sort()));
}

function read(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function write(name: string, value: string | null): boolean {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
    return true;
  } catch {
    return false;
  }
}
