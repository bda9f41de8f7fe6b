// SPDX-License-Identifier: Apache-2.0
/*
 * Keeps a shown case fresh: looks again by itself while the page is visible, gently, and on request.
 *
 * A look that fails leaves what was seen before and says so; it never empties the page.
 */

import { useEffect, useRef, useState } from "preact/hooks";
import type { CaseKey } from "../wire/case_key";
import { codeOf, send, showCase, type ErrorCode } from "../wire/requests";
import type { CaseView } from "../wire/types";

const BETWEEN_LOOKS_MILLISECONDS = 20_000;
/** Coming back to the page looks at once, but going back and forth does not look each time. */
const SHORTEST_PAUSE_MILLISECONDS = 10_000;
/** After a refusal for too many tries, looking on would only make it longer. */
const AFTER_REFUSAL_MILLISECONDS = 600_000;

export interface Watch {
  readonly view: CaseView | null;
  readonly lookedAt: Date;
  readonly problem: ErrorCode | null;
  look: () => void;
  /** Take a view that another request brought. */
  take: (view: CaseView) => void;
}

export function useWatch(caseKey: CaseKey, first: CaseView | null): Watch {
  const [view, setView] = useState(first);
  const [lookedAt, setLookedAt] = useState(() => new Date());
  const [problem, setProblem] = useState<ErrorCode | null>(null);
  /** Counts requests, so that an older answer never replaces a newer one. */
  const turn = useRef(0);
  const lastLook = useRef(Date.now());
  const waitUntil = useRef(0);

  const take = (seen: CaseView): void => {
    turn.current += 1;
    setView(seen);
    setLookedAt(new Date());
    setProblem(null);
  };
  const look = async (): Promise<void> => {
    const request = ++turn.current;
    lastLook.current = Date.now();
    try {
      const seen = await send(showCase(caseKey.authorization));
      if (request === turn.current) take(seen);
    } catch (error) {
      const code = codeOf(error);
      if (code === "too_many_attempts") waitUntil.current = Date.now() + AFTER_REFUSAL_MILLISECONDS;
      if (request === turn.current) setProblem(code);
    }
  };
  useEffect(() => {
    if (first === null) void look();
    const again = (): void => {
      const isDue = Date.now() >= Math.max(waitUntil.current, lastLook.current + SHORTEST_PAUSE_MILLISECONDS);
      if (document.visibilityState === "visible" && isDue) void look();
    };
    const timer = setInterval(again, BETWEEN_LOOKS_MILLISECONDS);
    document.addEventListener("visibilitychange", again);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", again);
      turn.current += 1;
    };
  }, [caseKey]);
  return { view, lookedAt, problem, look: () => void look(), take };
}
