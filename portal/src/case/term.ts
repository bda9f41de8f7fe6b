// SPDX-License-Identifier: Apache-2.0
/* When a case ends, and whether it is time to say so. Pure. */

import type { CaseFingerprint, CaseView } from "../wire/types";

const DAY_MILLISECONDS = 86_400_000;
const WARNING_DAYS = 60;
/** A little less than the longest term: sooner after opening or renewing, renewing would change next to nothing. */
const RENEWABLE_BELOW_DAYS = 728;

function daysLeft({ expires_at }: CaseView, now: Date): number {
  return (Date.parse(expires_at) - now.getTime()) / DAY_MILLISECONDS;
}

/** Say whether a fingerprint of an expired case is kept, so that it must not be said to be erased. */
export function isKept({ erased_at, erased_by }: CaseFingerprint): boolean {
  return !erased_at && Boolean(erased_by);
}

/** Say whether it is the end of its case that a fingerprint went with, and nobody's withdrawal: it is erased at once only by the latter. */
export function endedWithCase(fingerprint: CaseFingerprint): boolean {
  const { erased_at, withdrawn_at } = fingerprint;
  return isKept(fingerprint) || Boolean(erased_at && withdrawn_at && Date.parse(erased_at) > Date.parse(withdrawn_at));
}

/** Return until when what an expired case held is kept, so that its end can be undone; null where nothing is. */
export function keptUntil(view: CaseView): Date | null {
  const times =
    view.state === "expired"
      ? view.fingerprints.flatMap(({ erased_by }) => (erased_by ? [new Date(erased_by)] : []))
      : [];
  return times[0] ?? null;
}

/** Say whether an open case ends soon enough that the page warns of it. */
export function endsSoon(view: CaseView, now: Date): boolean {
  return view.state === "open" && daysLeft(view, now) <= WARNING_DAYS;
}

/** Say whether renewing would let the case end later. */
export function canRenew(view: CaseView, now: Date): boolean {
  return view.state === "open" && daysLeft(view, now) < RENEWABLE_BELOW_DAYS;
}
