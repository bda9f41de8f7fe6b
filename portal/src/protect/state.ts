// SPDX-License-Identifier: Apache-2.0
/*
 * What a person has answered so far, and which steps that opens. In memory only; gone with the page.
 *
 * No file can be chosen before both ages are stated as adult, and nothing before the case is shown once it is open.
 */

import { useMemo, useState } from "preact/hooks";
import { useSteps, type Steps } from "../island/steps";
import { makeCaseKey, type CaseKey } from "../wire/case_key";
import { openCase, type PreparedRequest } from "../wire/requests";
import type { CaseView, Role } from "../wire/types";
import { fingerprintsOf, usePictures, type Pictures } from "./pictures";

/** The steps that are counted for the person, in order. */
export const COUNTED = ["who", "now", "then", "pictures", "key", "send"] as const;
export type Step = (typeof COUNTED)[number] | "other" | "done" | "case";

export interface ProtectState extends Steps<Step> {
  readonly role: Role | null;
  readonly pictures: Pictures;
  readonly caseKey: CaseKey | null;
  /** The whole request as it will be sent; null until there is a key and a fingerprint. */
  readonly request: PreparedRequest | null;
  readonly view: CaseView | null;
  chooseRole(role: Role): void;
  stateAdultNow(): void;
  stateAdultThen(): void;
  showKey(): Promise<void>;
  finish(view: CaseView): void;
}

export function useProtectState(): ProtectState {
  const pictures = usePictures();
  const [role, setRole] = useState<Role | null>(null);
  const [isAdultNow, setAdultNow] = useState(false);
  const [wasAdultThen, setAdultThen] = useState(false);
  const [caseKey, setCaseKey] = useState<CaseKey | null>(null);
  const [view, setView] = useState<CaseView | null>(null);
  const request = useMemo(() => {
    const fingerprints = fingerprintsOf(pictures.all);
    if (caseKey === null || role === null || fingerprints.length === 0) return null;
    return openCase(caseKey.authorization, { role, is_adult_now: isAdultNow, was_adult_then: wasAdultThen }, fingerprints);
  }, [caseKey, role, isAdultNow, wasAdultThen, pictures.all]);

  const isOpen = (step: string): step is Step => {
    if (view !== null) return step === "done" || step === "case";
    if (step === "who" || step === "other") return true;
    if (step === "now") return role !== null;
    if (step === "then") return role !== null && isAdultNow;
    if (step === "pictures") return role !== null && isAdultNow && wasAdultThen;
    return (step === "key" || step === "send") && request !== null && isAdultNow && wasAdultThen;
  };
  const steps = useSteps<Step>("page", "who", isOpen, () => (view === null ? "who" : "done"));
  const then = (change: () => void, next: Step): void => {
    change();
    steps.go(next);
  };
  return {
    ...steps,
    role,
    pictures,
    caseKey,
    request,
    view,
    chooseRole: (chosen) => then(() => setRole(chosen), "now"),
    stateAdultNow: () => then(() => setAdultNow(true), "then"),
    stateAdultThen: () => then(() => setAdultThen(true), "pictures"),
    showKey: async () => {
      if (caseKey === null) setCaseKey(await makeCaseKey());
      steps.go("key");
    },
    finish: (opened) => then(() => setView(opened), "done"),
  };
}
