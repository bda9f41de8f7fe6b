// SPDX-License-Identifier: Apache-2.0
/*
 * The phone's own Back within steps, without entries in the history; and the way back of the bar (frame.ts).
 *
 * A close watcher (WHATWG HTML, "Close requests and close watchers"; Chrome 126 on Android) turns Back into a call. Elsewhere
 * Back leaves the page, and the browser brings it back as it was where it keeps pages in memory. There is one watcher
 * for the whole page, of the innermost flow: a browser may close several that were made without a touch in between at once.
 */

import { keepFlow } from "./frame";

interface Way {
  readonly back: () => void;
  readonly loses: boolean;
}

const ways: Way[] = [];
let watcher: CloseWatcher | null = null;

function watch(): void {
  const way = ways[ways.length - 1];
  watcher?.destroy();
  watcher = null;
  keepFlow(way === undefined ? null : () => go(way), way?.loses);
  if (way === undefined || !("CloseWatcher" in window)) return;
  watcher = new CloseWatcher();
  watcher.onclose = () => go(way);
}

function go(way: Way): void {
  way.back();
  watch();
}

/** From now on Back calls `back` instead of leaving the page, until the function that is returned is called. `loses`: leaving loses something. */
export function holdBack(back: () => void, loses = true): () => void {
  const way = { back, loses };
  ways.push(way);
  watch();
  return () => {
    ways.splice(ways.indexOf(way), 1);
    watch();
  };
}
