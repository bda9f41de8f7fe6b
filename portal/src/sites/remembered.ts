// SPDX-License-Identifier: Apache-2.0
/*
 * The sites that a person chose and what she has done, on this device and only where she switched that on. It says what she fears, so that
 * nothing of it is in any address or request.
 */

const NAME = "stillmine.sites";
const MOST = 100;

export interface Chosen {
  /** Ids of sites, and names that were typed. */
  readonly sites: readonly string[];
  readonly others: readonly string[];
  /** What is done: `instagram.report`. */
  readonly done: readonly string[];
}

/** Whether anything is kept, also what can't be read any more. */
export function areSitesKept(): boolean {
  return read() !== null;
}

/** Return what is kept; null where keeping is off. */
export function keptSites(): Chosen | null {
  try {
    const kept: unknown = JSON.parse(read() ?? "null");
    if (typeof kept !== "object" || kept === null) return null;
    return { sites: texts(kept, "sites"), others: texts(kept, "others"), done: texts(kept, "done") };
  } catch {
    return null;
  }
}

/** Keep this, or forget all with null; false where the browser keeps nothing. */
export function keepSites(chosen: Chosen | null): boolean {
  try {
    if (chosen === null) localStorage.removeItem(NAME);
    else localStorage.setItem(NAME, JSON.stringify(chosen));
    return true;
  } catch {
    return false;
  }
}

function texts(kept: object, field: string): readonly string[] {
  const found: unknown = Object.entries(kept).find(([name]) => name === field)?.[1];
  return Array.isArray(found) ? found.filter((one) => typeof one === "string").slice(0, MOST) : [];
}

function read(): string | null {
  try {
    return localStorage.getItem(NAME);
  } catch {
    return null;
  }
}
