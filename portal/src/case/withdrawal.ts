// SPDX-License-Identifier: Apache-2.0
/*
 * Withdraws a file or the whole case. A file may have several fingerprints, and each is a request of its own: in their
 * order, safe to repeat, as what is withdrawn or asked for already is not asked for again.
 */

import type { CaseKey } from "../wire/case_key";
import { send, withdraw } from "../wire/requests";
import type { CaseFingerprint, CaseView } from "../wire/types";
import { withdrawable } from "./asked";

/** Which file of a case; null for the whole case. */
export type Target = number | null;

/** Return the fingerprints that a target means. */
export function fingerprintsIn(view: CaseView, target: Target): readonly CaseFingerprint[] {
  return view.fingerprints.filter((fingerprint) => target === null || fingerprint.file_number === target);
}

/**
 * Withdraw a target and return the case after it; `onPart` is told of the case after each request. Throws ExchangeError
 * where one fails: what came before it stays withdrawn.
 */
export async function withdrawTarget(
  caseKey: CaseKey,
  view: CaseView,
  target: Target,
  onPart: (view: CaseView) => void,
): Promise<CaseView> {
  if (target === null) return send(withdraw(caseKey.authorization, null));
  let after = view;
  for (const { id } of withdrawable(view, fingerprintsIn(view, target))) {
    after = await send(withdraw(caseKey.authorization, id));
    onPart(after);
  }
  return after;
}
