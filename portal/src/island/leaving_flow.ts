// SPDX-License-Identifier: Apache-2.0
/* What a part of a flow holds while it is shown (frame.ts). */

import { useEffect } from "preact/hooks";
import { hold } from "./frame";

/** While `isHeld`, the page holds something that would be lost with it: links of the frame ask, the way back too where there is no step back. */
export function useHold(isHeld: boolean): void {
  useEffect(() => (isHeld ? hold() : undefined), [isHeld]);
}
