// SPDX-License-Identifier: Apache-2.0
/*
 * What is known before a notice is begun: by the place, by the link that led here, and by the person's own notes. Nothing of it is
 * certain, so all of it can be changed.
 */

import { CIRCUMSTANCES, type Circumstance } from "./notice";
import type { Platform, Regime } from "./regime";

/** A note that names an address: only what is needed to choose it. */
export interface Noted {
  readonly address: string;
  readonly platform: string;
}

/** Return the regime of a country; the last, which is for any country, where none is known or has one of its own. */
export function regimeOf(country: string | null, regimes: readonly Regime[]): Regime | undefined {
  return (
    regimes.find(({ countries }) => country !== null && countries.includes(country)) ?? regimes[regimes.length - 1]
  );
}

/** Return what a link says of the content, `#nz/is_fake`. */
export function circumstanceOf(anchor: string): Circumstance | null {
  return CIRCUMSTANCES.find((name) => name === anchor) ?? null;
}

/** Return the site that a link names, `#nz/instagram`, or the only one that the notes name; null where that is not clear. */
export function siteOf(anchor: string, noted: readonly Noted[], platforms: readonly Platform[]): Platform | null {
  const linked = platforms.find(({ id }) => id === anchor);
  const named = platforms.filter((platform) => noted.some((note) => isAt(note, platform)));
  return linked ?? (named.length === 1 ? (named[0] ?? null) : null);
}

/** Whether a note is about this site, by the name that the person wrote. */
export function isAt(note: Noted, { name }: Pick<Platform, "name">): boolean {
  return note.platform.trim().toLowerCase() === name.trim().toLowerCase();
}
