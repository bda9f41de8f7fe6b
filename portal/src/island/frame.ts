// SPDX-License-Identifier: Apache-2.0
/*
 * The links of the page's frame within a flow: those of the bar, the header and the foot. The bar's way back is a step back instead, and
 * where something would be lost by one touch, the others ask first. The exit never asks.
 *
 * The question stands in the bar itself and blocks nothing. A browser's own (`confirm`) must never be used: while it is open the page is
 * shown, can't be left, and hears no Esc; and a browser that was told to show no more of them answers "no" for ever.
 */

const FRAME = ".bar a, .header a, .footer a";

let stepBack: (() => void) | null = null;
let isAsked = false;
/** How many parts of the page hold something that is nowhere else, whether or not there is a step back. */
let holdCount = 0;
/** The link that was pressed, while it is asked about. */
let pressed: HTMLAnchorElement | null = null;

/** Say the way one step back, or null; and whether the steps hold something that leaving would lose. What was asked is over. */
export function keepFlow(back: (() => void) | null, loses = true): void {
  stepBack = back;
  isAsked = back !== null && loses;
  close();
}

/** Say that a part of the page holds something that would be lost with it, until the function that is returned is called. */
export function hold(): () => void {
  holdCount += 1;
  return () => {
    holdCount -= 1;
  };
}

function question(): HTMLElement | null {
  return document.querySelector(".bar-ask");
}

function close(): void {
  pressed = null;
  question()?.setAttribute("hidden", "");
  document.documentElement.style.scrollPaddingBlockStart = "";
}

function ask(link: HTMLAnchorElement): void {
  const asked = question();
  if (asked === null) return;
  pressed = link;
  asked.hidden = false;
  // The bar is higher now: what is focused still comes out from under it (base.css has its height without the question).
  const height = asked.closest(".bar")?.getBoundingClientRect().height ?? 0;
  document.documentElement.style.scrollPaddingBlockStart = `${height + 8}px`;
  asked.querySelector<HTMLElement>("[data-ask-stay]")?.focus({ preventScroll: true });
}

/** Go on to where the link leads, or stay where the flow is. */
function answer(button: Element): void {
  const link = pressed;
  close();
  if (link === null) return;
  // To our own pages without an entry in the history (exit/leave.ts); from elsewhere Back may still bring this one back.
  if (!button.hasAttribute("data-ask-go")) link.focus({ preventScroll: true });
  else if (link.origin === location.origin) location.replace(link.href);
  else location.assign(link.href);
}

/** The exit asks nothing, and what opens beside this page loses nothing. */
function isFree(link: HTMLAnchorElement, event: MouseEvent): boolean {
  return (
    event.button !== 0 ||
    event.metaKey ||
    event.ctrlKey ||
    event.shiftKey ||
    event.altKey ||
    link.hasAttribute("data-exit")
  );
}

/** The frame's links, and those beside the text that lead to another page; where something is held, also such links of the text. */
function linkAt(target: Element): HTMLAnchorElement | null {
  const link = target.closest<HTMLAnchorElement>(FRAME);
  if (link !== null || (holdCount === 0 && target.closest("aside") === null)) return link;
  const other = target.closest<HTMLAnchorElement>("main a[href]:not([download], [data-choose])");
  const leads =
    other !== null &&
    /^https?:$/.test(other.protocol) &&
    other.origin + other.pathname !== location.origin + location.pathname;
  return leads ? other : null;
}

function press(event: MouseEvent): void {
  if (!(event.target instanceof Element)) return;
  const button = event.target.closest("[data-ask-go], [data-ask-stay]");
  if (button !== null) {
    answer(button);
    return;
  }
  // Whoever goes on with something else has answered.
  if (pressed !== null && event.target.closest(".bar-ask") === null) close();
  const link = linkAt(event.target);
  if (link === null || isFree(link, event)) return;
  const isBack = link.hasAttribute("data-back") && stepBack !== null;
  if (!isBack && !isAsked && holdCount === 0) return;
  event.preventDefault();
  if (isBack) stepBack?.();
  else ask(link);
}

document.addEventListener("click", press, true);
