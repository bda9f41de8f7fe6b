// SPDX-License-Identifier: Apache-2.0
/*
 * "Leave this page quickly": blanks the page at once, then goes to the neutral address of the link.
 *
 * Works on every page, by the link and by Esc pressed three times. Without this script the link is a plain link. The
 * page is replaced, so that Back does not lead to it; earlier pages stay in the history, and the texts say so.
 */

const PRESSES = 3;
const WITHIN_MILLISECONDS = 5_000;

const link = document.querySelector<HTMLAnchorElement>("a[data-exit]");
const announcement = document.querySelector<HTMLElement>("[data-exit-status]");
let presses: number[] = [];

function leave(address: string): void {
  document.body.replaceChildren();
  window.stop();
  location.replace(address);
}

function announce(remaining: number): void {
  if (!announcement || !link) return;
  announcement.textContent = (remaining === 1 ? link.dataset["oneMore"] : link.dataset["twoMore"]) ?? "";
}

if (link) {
  const address = link.href;
  link.addEventListener("click", (event) => {
    event.preventDefault();
    leave(address);
  });
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape" || event.repeat) return;
      const now = Date.now();
      presses = [...presses.filter((moment) => now - moment < WITHIN_MILLISECONDS), now];
      if (presses.length >= PRESSES) leave(address);
      else announce(PRESSES - presses.length);
    },
    true,
  );
}
export {};
