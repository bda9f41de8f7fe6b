// SPDX-License-Identifier: Apache-2.0
/* What is asked to be withdrawn and has not taken effect, told from a case's fingerprints. Pure. Contract: spec/case.md. */

import type { CaseFingerprint, CaseView } from "../wire/types";
import { leftOf } from "../files/case_files";

export interface Asked {
  readonly askedAt: Date;
  /** When the first of it takes effect. */
  readonly dueAt: Date;
  /** Whether everything that is left of these is asked for. */
  readonly isAll: boolean;
}

/** Return what is asked for of these fingerprints, null where nothing is. */
export function askedOf(fingerprints: readonly CaseFingerprint[]): Asked | null {
  const left = leftOf(fingerprints);
  const due = left.flatMap(({ withdrawal_asked_at, withdrawal_due_at }) =>
    withdrawal_asked_at && withdrawal_due_at
      ? [{ askedAt: new Date(withdrawal_asked_at), dueAt: new Date(withdrawal_due_at) }]
      : [],
  );
  const [first] = due.sort((one, other) => one.dueAt.getTime() - other.dueAt.getTime());
  return first === undefined ? null : { ...first, isAll: due.length === left.length };
}

/** Return those of these fingerprints for which withdrawing would change something now. */
export function withdrawable(
  { delay = "off" }: CaseView,
  fingerprints: readonly CaseFingerprint[],
): readonly CaseFingerprint[] {
  return leftOf(fingerprints).filter(({ withdrawal_due_at }) => delay === "off" || !withdrawal_due_at);
}

/** Say whether withdrawing takes three days in this case now. */
export function isDelayed({ delay = "off" }: CaseView): boolean {
  return delay !== "off";
}
