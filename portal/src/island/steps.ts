// SPDX-License-Identifier: Apache-2.0
/*
 * Which step of a flow a person is on, and the way back, which never loses what was done.
 *
 * Steps are kept in memory only and are no entries of the browser's history: after leaving the page nothing leads back into
 * the flow, and after a reload it begins again.
 */

import { useState } from "preact/hooks";
import { usePhoneBack } from "./phone_back";

export interface Steps<Step extends string> {
  readonly step: Step;
  go: (step: Step) => void;
  /** Return to the last step that may still be shown; stay where there is none. */
  back: () => void;
}

/** Return the current step of a flow and the ways on. `isOpen` says whether a step may be shown now. */
export function useSteps<Step extends string>(first: Step, isOpen: (step: Step) => boolean): Steps<Step> {
  const [taken, setTaken] = useState<readonly Step[]>([first]);
  const behind = taken.slice(0, -1).filter(isOpen);
  const back = (): void => {
    if (behind.length > 0) setTaken(behind);
  };
  usePhoneBack(back, behind.length > 0);
  return { step: taken[taken.length - 1] ?? first, go: (next) => setTaken((before) => upTo(before, next)), back };
}

/** Going on to a step that lies behind is going back to it, so that the way back stays short. */
function upTo<Step extends string>(taken: readonly Step[], next: Step): readonly Step[] {
  const place = taken.indexOf(next);
  return [...(place < 0 ? taken : taken.slice(0, place)), next];
}
