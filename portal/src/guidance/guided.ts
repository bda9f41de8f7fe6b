// SPDX-License-Identifier: Apache-2.0
/*
 * A plan, one step at a time: where one is, on, skip, back, and the questions on the way (spec/portal.md, "Plans, one step at a time").
 *
 * The page holds the whole plan; this shows one part of it. Where one is and what was answered is kept in memory only.
 */

import { holdBack } from "../island/step_back";
import { followPlace, isFor, place } from "../place/place";
import { isShown } from "./answers";

const list = document.querySelector<HTMLElement>("[data-plan]");
const items = [...(list?.children ?? [])].filter((item): item is HTMLElement => item instanceof HTMLElement);
const answers = new Map<string, string>();
/** The items that were shown, in order; the last one is shown now. At the end of the plan `null` is. */
let taken: (HTMLElement | null)[] = [];
let isWhole = false;
let release: (() => void) | null = null;

function part(name: string): HTMLElement | null {
  return document.querySelector<HTMLElement>(`[data-${name}]`);
}

function isOpen(item: HTMLElement): boolean {
  const { ask, places, if: condition = "" } = item.dataset;
  const here = place();
  if (ask !== undefined && answers.has(ask)) return false;
  return isShown(condition, answers) && (places === undefined || here === null || isFor(places, here));
}

function steps(): readonly HTMLElement[] {
  return items.filter((item) => item.dataset["ask"] === undefined && isOpen(item));
}

function after(item: HTMLElement | null): HTMLElement | null {
  const from = item === null ? items.length : items.indexOf(item) + 1;
  return items.slice(from).find(isOpen) ?? null;
}

function show(isMoved: boolean): void {
  const now = taken[taken.length - 1] ?? null;
  const open = steps();
  const number = now === null ? open.length : open.filter((step) => items.indexOf(step) <= items.indexOf(now)).length;
  for (const item of items) {
    item.classList.toggle("is-now", !isWhole && item === now);
    if (item.dataset["ask"] !== undefined) item.hidden = isWhole || item !== now;
    else item.hidden = !isOpen(item);
  }
  list?.classList.toggle("guided", !isWhole);
  document.querySelector(".plan-main")?.classList.toggle("is-under-way", !isWhole && taken.length > 1);
  const isAsk = now?.dataset["ask"] !== undefined;
  set("progress", !isWhole && now !== null);
  set("progress-line", !isWhole && now !== null);
  set("plan-end", !isWhole && now === null);
  set("plan-ways", true);
  const isRead = now?.dataset["read"] !== undefined;
  set("next", !isWhole && now !== null && !isAsk && !isRead);
  set("on", !isWhole && isRead);
  set("skip", !isWhole && now !== null && !isRead);
  set("whole", !isWhole);
  set("one", isWhole);
  set("print", isWhole || now === null);
  set("ask-note", !isWhole && isAsk);
  onScreen("times", isWhole);
  onScreen("own-note", isWhole || now?.dataset["own"] !== undefined);
  set("keep-marks", isWhole || now === null);
  say(Math.max(number, 1), open.length);
  tellSide(now, open);
  release?.();
  release = !isWhole && taken.length > 1 ? holdBack(back, false) : null;
  if (isMoved) {
    scrollTo(0, 0);
    (isWhole ? document.querySelector<HTMLElement>("h1") : (now ?? part("plan-end"))?.querySelector("h2"))?.focus({
      preventScroll: true,
    });
  }
}

function set(name: string, isThere: boolean): void {
  const found = part(name);
  if (found) found.hidden = !isThere;
}

/** On paper, where the plan is whole, it stands in any case. */
function onScreen(name: string, isThere: boolean): void {
  part(name)?.classList.toggle("only-paper", !isThere);
}

function say(step: number, all: number): void {
  const progress = part("progress");
  const line = part("progress-line");
  const text = (progress?.dataset["progress"] ?? "").replace("{step}", String(step)).replace("{steps}", String(all));
  if (progress && progress.textContent !== text) progress.textContent = text;
  line?.replaceChildren(
    ...Array.from({ length: all }, (_, number) => {
      const piece = document.createElement("span");
      piece.className = number + 1 < step ? "done" : number + 1 === step ? "now" : "";
      return piece;
    }),
  );
}

/** The list of steps beside the plan, where the window is wide. */
function tellSide(now: HTMLElement | null, open: readonly HTMLElement[]): void {
  set("your-steps", !isWhole);
  for (const link of document.querySelectorAll<HTMLElement>("[data-step-of]")) {
    const step = items.find((item) => item.id === link.dataset["stepOf"]);
    const entry = link.closest("li");
    if (entry) entry.hidden = step === undefined || !open.includes(step);
    if (step === now) link.setAttribute("aria-current", "step");
    else link.removeAttribute("aria-current");
    link.classList.toggle("is-done", step?.querySelector<HTMLInputElement>("input[data-mark]")?.checked === true);
  }
}

function goTo(event: MouseEvent): void {
  const link = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-step-of]") : null;
  const step = items.find((item) => item.id === link?.dataset["stepOf"]);
  if (link === null || step === undefined) return;
  event.preventDefault();
  isWhole = false;
  go(step);
}

function go(to: HTMLElement | null): void {
  taken = [...taken, to];
  show(true);
}

/** A step back; a question that is come back to is open again. */
function back(): void {
  if (taken.length < 2) return;
  taken = taken.slice(0, -1);
  const ask = taken[taken.length - 1]?.dataset["ask"];
  if (ask !== undefined) answers.delete(ask);
  show(true);
}

function press(event: MouseEvent): void {
  const button = event.target instanceof Element ? event.target.closest<HTMLElement>("button") : null;
  const now = taken[taken.length - 1] ?? null;
  const answer = button?.dataset["answer"];
  if (button === null) return;
  if (answer !== undefined && now !== null) {
    answers.set(now.dataset["ask"] ?? "", answer);
    go(after(now));
  } else if (["data-next", "data-on", "data-skip"].some((name) => button.hasAttribute(name))) {
    const mark = now?.querySelector<HTMLInputElement>("input[data-mark]");
    if (mark && button.hasAttribute("data-next") && !mark.checked) mark.click();
    go(after(now));
  } else if (button.hasAttribute("data-whole") || button.hasAttribute("data-one")) {
    isWhole = button.hasAttribute("data-whole");
    if (!isWhole && now === null) taken = [first()];
    show(true);
  } else if (button.hasAttribute("data-print")) print();
}

function first(): HTMLElement | null {
  return items.find(isOpen) ?? null;
}

/** Whoever comes with the address of a step sees that step. */
function begin(): void {
  const anchor = location.hash.slice(1).split("/").pop() ?? "";
  const named = items.find((item) => item.id !== "" && item.id === anchor && isOpen(item));
  taken = [named ?? first()];
  show(false);
  // Whatever scrolled to it did so while all steps were shown.
  if (named) scrollTo(0, 0);
  followPlace(() => {
    const now = taken[taken.length - 1];
    if (now && !isOpen(now)) taken = [...taken.slice(0, -1), after(now)];
    show(false);
  });
  document.addEventListener("click", press);
  part("your-steps")?.addEventListener("click", goTo);
}

if (list && items.length > 0) begin();
