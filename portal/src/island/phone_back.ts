// SPDX-License-Identifier: Apache-2.0
/* The phone's own Back within a flow (step_back.ts). */

import { useEffect, useRef } from "preact/hooks";
import { holdBack } from "./step_back";

/** While `isPossible`, the phone's Back calls `back` instead of leaving the page. */
export function usePhoneBack(back: () => void, isPossible: boolean): void {
  const latest = useRef(back);
  latest.current = back;
  useEffect(() => (isPossible ? holdBack(() => latest.current()) : undefined), [isPossible]);
}
