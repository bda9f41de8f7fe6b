// SPDX-License-Identifier: Apache-2.0
/*
 * Which step a person is on, tied to the browser's Back, so that going back never loses what was done.
 *
 * The address never changes, so the history does not tell how far someone came. What was chosen stays in memory only:
 * after a reload the state of an old entry means nothing, and the flow begins again.
 */

import { useEffect, useRef, useState } from "preact/hooks";

export interface Steps<Step extends string> {
  readonly step: Step;
  go(step: Step): void;
  back(): void;
}

interface Entry {
  readonly flow: string;
  readonly step: string;
  /** How many steps were taken since the page was opened; the exit goes back before all of them. */
  readonly depth: number;
}

/**
 * Return the current step of a flow and the ways on. `isOpen` says whether a step may be shown now; Back and Forward to
 * one that may not are answered with `instead`. A flow inside another is named `outer/inner`: the outer one stays where
 * it is while the inner one moves.
 */
export function useSteps<Step extends string>(flow: string, first: Step, isOpen: (step: string) => step is Step, instead: () => Step): Steps<Step> {
  const [step, setStep] = useState<Step>(first);
  const rules = useRef({ isOpen, instead });
  rules.current = { isOpen, instead };
  useEffect(() => {
    const follow = (event: PopStateEvent): void => {
      const entry = entryOf(event.state);
      if (entry?.flow.startsWith(`${flow}/`)) return;
      const wanted = entry?.flow === flow ? entry.step : first;
      setStep(rules.current.isOpen(wanted) ? wanted : rules.current.instead());
    };
    window.addEventListener("popstate", follow);
    return () => window.removeEventListener("popstate", follow);
  }, [flow, first]);
  return {
    step,
    go: (next) => {
      history.pushState({ flow, step: next, depth: (entryOf(history.state)?.depth ?? 0) + 1 } satisfies Entry, "");
      setStep(next);
    },
    back: () => history.back(),
  };
}

function entryOf(state: unknown): Entry | null {
  if (typeof state !== "object" || state === null || !("flow" in state) || !("step" in state)) return null;
  return { flow: String(state.flow), step: String(state.step), depth: "depth" in state ? Number(state.depth) : 0 };
}
