// SPDX-License-Identifier: Apache-2.0
/*
 * The phone's own Back within a flow, without entries in the history; and the frame's links within one (leaving_flow.ts).
 *
 * A close watcher (WHATWG HTML, "Close requests and close watchers"; Chrome 126 on Android) turns Back into a call. Elsewhere
 * Back leaves the page, and the browser brings it back as it was where it keeps pages in memory. There is one watcher
 * for the whole page, of the innermost flow: a browser may close several that were made without a touch in between at once.
 */

import { useEffect, useRef } from "preact/hooks";
import { keepFlow } from "./leaving_flow";

type Way = () => void;

const ways: Way[] = [];
let watcher: CloseWatcher | null = null;

function watch(): void {
  keepFlow(ways[ways.length - 1] ?? null);
  watcher?.destroy();
  watcher = null;
  const way = ways[ways.length - 1];
  if (way === undefined || !("CloseWatcher" in window)) return;
  watcher = new CloseWatcher();
  watcher.onclose = way;
}

/** While `isPossible`, the phone's Back calls `back` instead of leaving the page. */
export function usePhoneBack(back: Way, isPossible: boolean): void {
  const latest = useRef(back);
  latest.current = back;
  useEffect(() => {
    if (!isPossible) return undefined;
    const way = (): void => {
      latest.current();
      watch();
    };
    ways.push(way);
    watch();
    return () => {
      ways.splice(ways.indexOf(way), 1);
      watch();
    };
  }, [isPossible]);
}
