// SPDX-License-Identifier: Apache-2.0
/*
 * What a person has answered so far, and which steps that opens. In memory only; gone with the page.
 *
 * No file can be chosen before both ages are stated as adult, and nothing before the case is shown once it is open.
 */

import { useMemo, useState } from "preact/hooks";
import type { CaseFile } from "../files/case_files";
import { useSteps, type Steps } from "../island/steps";
import { makeCaseKey, type CaseKey } from "../wire/case_key";
import { openCase, type PreparedRequest } from "../wire/requests";
import type { CaseView, Role } from "../wire/types";
import { useFiles, type Files } from "../files/files";
import { excessOf, fingerprintsOf } from "../files/rows";

/** The steps that are counted for the person, in order. */
export const COUNTED = ["who", "now", "then", "files", "key", "send"] as const;
export type Step = (typeof COUNTED)[number] | "other" | "done" | "case";

export interface ProtectState extends Steps<Step> {
  readonly role: Role | null;
  readonly files: Files;
  readonly caseKey: CaseKey | null;
  /** The whole request as it will be sent; null until there is a key and a fingerprint. */
  readonly request: PreparedRequest | null;
  readonly view: CaseView | null;
  /** Whether withdrawing is to take three days. */
  readonly delaysWithdrawal: boolean;
  chooseDelay: (isChosen: boolean) => void;
  chooseRole: (role: Role) => void;
  stateAdultNow: () => void;
  stateAdultThen: () => void;
  showKey: () => Promise<void>;
  finish: (view: CaseView) => void;
}

/** A case that is yet to be opened holds nothing. */
const NOTHING: readonly CaseFile[] = [];

export function useProtectState(): ProtectState {
  const files = useFiles(NOTHING);
  const [role, setRole] = useState<Role | null>(null);
  const [isAdultNow, setAdultNow] = useState(false);
  const [wasAdultThen, setAdultThen] = useState(false);
  const [caseKey, setCaseKey] = useState<CaseKey | null>(null);
  const [delaysWithdrawal, setDelaysWithdrawal] = useState(false);
  const [view, setView] = useState<CaseView | null>(null);
  const request = useMemo(() => {
    const fingerprints = fingerprintsOf(files.rows);
    if (caseKey === null || role === null || fingerprints.length === 0 || excessOf(fingerprints, NOTHING) !== null)
      return null;
    return openCase(
      caseKey.authorization,
      { role, is_adult_now: isAdultNow, was_adult_then: wasAdultThen },
      fingerprints,
      delaysWithdrawal,
    );
  }, [caseKey, role, isAdultNow, wasAdultThen, files.rows, delaysWithdrawal]);

  const isOpen = (step: Step): boolean => {
    if (view !== null) return step === "done" || step === "case";
    if (step === "who" || step === "other") return true;
    if (step === "now") return role !== null;
    if (step === "then") return role !== null && isAdultNow;
    if (step === "files") return role !== null && isAdultNow && wasAdultThen;
    return (step === "key" || step === "send") && request !== null && isAdultNow && wasAdultThen;
  };
  const steps = useSteps<Step>("who", isOpen);
  const then = (change: () => void, next: Step): void => {
    change();
    steps.go(next);
  };
  return {
    ...steps,
    role,
    files,
    caseKey,
    request,
    view,
    delaysWithdrawal,
    chooseDelay: setDelaysWithdrawal,
    chooseRole: (chosen) => then(() => setRole(chosen), "now"),
    stateAdultNow: () => then(() => setAdultNow(true), "then"),
    stateAdultThen: () => then(() => setAdultThen(true), "files"),
    showKey: async () => {
      if (caseKey === null) setCaseKey(await makeCaseKey());
      steps.go("key");
    },
    finish: (opened) => {
      setView(opened);
      files.clear();
      steps.go("done");
    },
  };
}
