// SPDX-License-Identifier: Apache-2.0
/*
 * The phone's own Back within a flow, without entries in the history; and the bar's way back, which is a step back as well while there is one.
 *
 * A close watcher (WHATWG HTML, "Close requests and close watchers"; Chrome 126 on Android) turns Back into a call. Elsewhere
 * Back leaves the page, and the browser brings it back as it was where it keeps pages in memory. There is one watcher
 * for the whole page, of the innermost flow: a browser may close several that were made without a touch in between at once.
 */

import { useEffect, useRef } from "preact/hooks";

type Way = () => void;

const ways: Way[] = [];
let watcher: CloseWatcher | null = null;

function watch(): void {
  watcher?.destroy();
  watcher = null;
  const way = ways[ways.length - 1];
  if (way === undefined || !("CloseWatcher" in window)) return;
  watcher = new CloseWatcher();
  watcher.onclose = way;
}

/** Within a flow the bar's way back is a step back, and its other ways ask first, as they lose what was done. The exit never asks. */
function barPressed(event: MouseEvent): void {
  const link = event.target instanceof Element ? event.target.closest(".bar a") : null;
  const way = ways[ways.length - 1];
  if (link === null || way === undefined || link.hasAttribute("data-exit")) return;
  if (link.hasAttribute("data-back")) {
    event.preventDefault();
    way();
  } else if (!confirm(link.closest<HTMLElement>(".bar")?.dataset["lost"])) event.preventDefault();
}

document.addEventListener("click", barPressed, true);

/** While `isThere`, the phone's Back calls `back` instead of leaving the page. */
export function usePhoneBack(back: Way, isThere: boolean): void {
  const latest = useRef(back);
  latest.current = back;
  useEffect(() => {
    if (!isThere) return undefined;
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
  }, [isThere]);
}
