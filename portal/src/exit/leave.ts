// SPDX-License-Identifier: Apache-2.0
/*
 * "Leave this page quickly": blanks the page at once, then goes to the neutral address of the link.
 *
 * Works on every page, by the link and by Esc pressed three times. It runs before the page is shown (Page.astro), so that
 * there is no moment without it; without scripts the link is a plain link. Links between pages replace the page as well, and
 * the steps of a flow are no entries of the history (island/steps.ts): there is never more than one entry of ours, and after
 * leaving none. The browser's own list of visited pages can't be changed from here, and the texts say so.
 */

const PRESSES = 3;
const WITHIN_MILLISECONDS = 5_000;

let presses: number[] = [];

function leave(address: string): void {
  window.stop();
  document.title = "";
  document.body.replaceChildren();
  location.replace(address);
}

function follow(event: MouseEvent): void {
  const way = event.target instanceof Element ? event.target.closest("a") : null;
  if (event.defaultPrevented || !way) return;
  if (way.hasAttribute("data-exit")) {
    event.preventDefault();
    leave(way.href);
    return;
  }
  const isPlain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
  if (!isPlain || way.origin !== location.origin || way.hasAttribute("download")) return;
  event.preventDefault();
  location.replace(way.href);
}

function count(event: KeyboardEvent): void {
  const link = document.querySelector<HTMLAnchorElement>("a[data-exit]");
  if (event.key !== "Escape" || event.repeat || !link) return;
  // Esc is for leaving here; it would also take a step back in a flow (island/phone_back.ts).
  event.preventDefault();
  const now = Date.now();
  presses = [...presses.filter((moment) => now - moment < WITHIN_MILLISECONDS), now];
  if (presses.length >= PRESSES) {
    leave(link.href);
    return;
  }
  const announcement = document.querySelector("[data-exit-status]");
  if (announcement)
    announcement.textContent =
      (PRESSES - presses.length === 1 ? link.dataset["oneMore"] : link.dataset["twoMore"]) ?? "";
}

document.addEventListener("click", follow);
document.addEventListener("keydown", count, true);
export {};
