// SPDX-License-Identifier: Apache-2.0
/*
 * The sites that a person chose and what she has done, on this device and only where she switched that on. It says what she fears, so that
 * nothing of it is in any address or request.
 */

import { plainName } from "../bytes/plain_name";
import { keepText, keptJson, keptText } from "../kept/kept_text";

const NAME = "stillmine.sites";
const MOST = 100;
const MOST_CHARACTERS = 60;

export interface Chosen {
  /** Ids of sites, and names that were typed. */
  readonly sites: readonly string[];
  readonly others: readonly string[];
  /** What is done: `instagram.report`. */
  readonly done: readonly string[];
}

/** Whether anything is kept, also what can't be read any more. */
export function areSitesKept(): boolean {
  return keptText(NAME) !== null;
}

/** Return what is kept; null where keeping is off. */
export function keptSites(): Chosen | null {
  const kept = keptJson(NAME);
  if (typeof kept !== "object" || kept === null) return null;
  return {
    sites: texts(kept, "sites"),
    others: texts(kept, "others")
      .map(siteName)
      .filter((name) => name !== ""),
    done: texts(kept, "done"),
  };
}

/** Return a typed name as it is shown and kept; "" where there is nothing to show. */
export function siteName(typed: string): string {
  return [...plainName(typed)].slice(0, MOST_CHARACTERS).join("").trim();
}

/** Keep this, or forget all with null; false where the browser keeps nothing. */
export function keepSites(chosen: Chosen | null): boolean {
  return keepText(NAME, chosen === null ? null : JSON.stringify(chosen));
}

function texts(kept: object, field: string): readonly string[] {
  const found: unknown = Object.entries(kept).find(([name]) => name === field)?.[1];
  return Array.isArray(found) ? found.filter((one) => typeof one === "string").slice(0, MOST) : [];
}
