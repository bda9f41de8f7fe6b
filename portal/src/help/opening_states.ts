// SPDX-License-Identifier: Apache-2.0
/* Beside each service with known hours: whether it is open now. It asks nobody and keeps nothing. */

import { isOpen } from "./open_now";

const MINUTE_MILLISECONDS = 60_000;

/** Say it now, each minute, and when the page comes back out of the browser's memory; then call `after`. */
export function keepOpeningStates(after: () => void = () => undefined): void {
  const refresh = (): void => {
    show(new Date());
    after();
  };
  refresh();
  setInterval(refresh, MINUTE_MILLISECONDS);
  addEventListener("pageshow", refresh);
}

function show(now: Date): void {
  for (const place of document.querySelectorAll<HTMLElement>("[data-week]")) {
    const { week = "", zone = "", open = "", closed = "" } = place.dataset;
    const state = isOpen(week, zone, now);
    place.hidden = state === null;
    place.textContent = state ? open : closed;
    place.classList.toggle("is-open", state === true);
  }
}
