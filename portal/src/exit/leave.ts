// SPDX-License-Identifier: Apache-2.0
/*
 * "Leave this page quickly": blanks the page at once, then goes to the neutral address of the link.
 *
 * Works on every page, by the link and by Esc pressed three times. Without this script the link is a plain link. Links
 * between pages replace the page as well, so that Back has never more than one page of ours, and after leaving none. The
 * browser's own list of visited pages can't be changed from here, and the texts say so.
 */

const PRESSES = 3;
const WITHIN_MILLISECONDS = 5_000;
const GIVE_UP_MILLISECONDS = 300;

const link = document.querySelector<HTMLAnchorElement>("a[data-exit]");
const announcement = document.querySelector<HTMLElement>("[data-exit-status]");
let presses: number[] = [];

function leave(address: string): void {
  document.title = "";
  document.body.replaceChildren();
  window.stop();
  const steps = stepsTaken();
  if (steps === 0) return location.replace(address);
  // The steps of a flow are entries of their own: first back before them, so that Back does not lead into the flow.
  addEventListener("popstate", () => location.replace(address), { once: true });
  setTimeout(() => location.replace(address), GIVE_UP_MILLISECONDS);
  history.go(-steps);
}

function stepsTaken(): number {
  const state: unknown = history.state;
  return typeof state === "object" && state !== null && "depth" in state && typeof state.depth === "number" ? state.depth : 0;
}

function follow(event: MouseEvent): void {
  const way = event.target instanceof Element ? event.target.closest("a") : null;
  const isPlain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
  if (event.defaultPrevented || !isPlain || !way || way.origin !== location.origin || way.hasAttribute("download")) return;
  event.preventDefault();
  location.replace(way.href);
}

function announce(remaining: number): void {
  if (!announcement || !link) return;
  announcement.textContent = (remaining === 1 ? link.dataset["oneMore"] : link.dataset["twoMore"]) ?? "";
}

document.addEventListener("click", follow);

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
