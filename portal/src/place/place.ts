// SPDX-License-Identifier: Apache-2.0
/*
 * Where the person is: asked once, never guessed, and in no request (spec/portal.md, "Where the person is").
 *
 * The place stands behind the `#` of the address, alone (`#gb-wls`) or before the id of a part of the page (`#gb-wls/crisis`), and every
 * link of our own that is pressed takes it along. Pages mark what is for some places only; this file shows and hides it.
 */

import { keepPlace, keptPlace, placeCode } from "./kept_place";

type Follow = (place: string | null) => void;

/** Above this many pixels the bar hides what is there. */
const BAR = 64;

const followers: Follow[] = [];
let chosen: string | null = null;

/** Return the code of the place, `nz` or `gb-wls`; null while nobody has said. */
export function place(): string | null {
  return chosen;
}

/** Return the country of the place, `gb` of `gb-wls`. */
export function countryOf(code: string | null): string | null {
  return code === null ? null : code.slice(0, 2);
}

/** Return what stands behind the place in the address: the id of a part of the page, or what a link says to a flow (`#nz/instagram`). */
export function anchor(): string {
  return addressed().anchor;
}

/** Forget what stood behind the place: it was used, and a reload must not say it again. */
export function forgetAnchor(): void {
  history.replaceState(history.state, "", location.pathname + location.search + fragment(addressed().code, ""));
}

/** Call `follow` with the place now and whenever it changes. */
export function followPlace(follow: Follow): void {
  followers.push(follow);
  follow(chosen);
}

/** Whether what is for these places (`nz gb-wls`) is for this one: a country is for its parts, and a part for the country as a whole. */
export function isFor(places: string, code: string): boolean {
  return places.split(" ").some((one) => one === code || code.startsWith(`${one}-`) || one.startsWith(`${code}-`));
}

/** Take a place, or none; a reload and a link find it again. */
export function choosePlace(code: string | null): void {
  const anchor = addressed().anchor;
  if (keptPlace() !== null) keepPlace(code);
  history.replaceState(history.state, "", location.pathname + location.search + fragment(code, anchor));
  take(code);
}

function addressed(): { readonly code: string | null; readonly anchor: string } {
  const [first = "", ...rest] = decode(location.hash.slice(1)).split("/");
  const code = placeCode(first);
  return code === null || !isKnown(code)
    ? { code: null, anchor: location.hash.slice(1) }
    : { code, anchor: rest.join("/") };
}

/** Whether there is such a place: with any other nothing would be shown. */
function isKnown(code: string): boolean {
  return document.documentElement.dataset["everyPlace"]?.split(" ").includes(code) ?? false;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function fragment(code: string | null, anchor: string): string {
  const parts = [code, anchor].filter((part) => part !== null && part !== "");
  return parts.length === 0 ? "" : `#${parts.join("/")}`;
}

/** What is marked as for some places, and what is shown while none is known. Called again by whoever adds to the page. */
export function showForPlace(within: ParentNode = document): void {
  for (const part of within.querySelectorAll<HTMLElement>("[data-places]"))
    part.hidden = chosen !== null && !isFor(part.dataset["places"] ?? "", chosen);
  // A fold for a place stands open there: who said where they are needn't open it too.
  for (const fold of within.querySelectorAll<HTMLDetailsElement>("details[data-places]")) fold.open ||= chosen !== null;
  for (const part of within.querySelectorAll<HTMLElement>("[data-no-place]")) part.hidden = chosen !== null;
  for (const part of within.querySelectorAll<HTMLElement>("[data-any-place]")) part.hidden = chosen === null;
  for (const part of within.querySelectorAll<HTMLElement>("[data-place-name]"))
    part.textContent = nameIn(part.dataset["placeName"] ?? "{}");
}

function nameIn(names: string): string {
  return (JSON.parse(names) as Record<string, string | undefined>)[chosen ?? ""] ?? "";
}

function take(code: string | null): void {
  chosen = code;
  showForPlace();
  for (const follow of followers) follow(code);
}

/** Before a link is followed it learns of the place: by touch, mouse or keys, in this window or another. */
function carry(event: Event): void {
  const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a[href]") : null;
  if (link === null || link.matches("[data-exit], [data-forget], [download]")) return;
  if (link.origin !== location.origin || link.pathname.startsWith("/api/")) return;
  const anchor = link.hash.slice(1);
  const [first = "", ...rest] = anchor.split("/");
  const isHere = link.pathname === location.pathname && link.getAttribute("href")?.startsWith("#");
  if (isHere && !link.hasAttribute("data-choose")) return;
  const wanted = fragment(chosen, placeCode(first) === null ? anchor : rest.join("/"));
  if (link.hash !== wanted) link.hash = wanted;
}

function choose(event: MouseEvent): void {
  const link = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-choose]") : null;
  if (link === null || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const holder = link.closest("[data-no-place]")?.parentElement;
  choosePlace(placeCode(link.dataset["choose"] ?? null));
  // The list that was scrolled through is gone: what stands in its place comes into the window.
  if (holder && holder.getBoundingClientRect().top < BAR) holder.scrollIntoView();
}

function begin(): void {
  const { code, anchor } = addressed();
  take(code ?? placeCode(document.documentElement.dataset["place"] ?? null) ?? keptPlace());
  if (code !== null && anchor !== "") document.getElementById(anchor)?.scrollIntoView();
}

/** A link to a part of the page (`#main`) names no place: the one that is known stays, in the address too. */
function follow(): void {
  const { code, anchor } = addressed();
  if (code !== null || chosen === null) begin();
  else history.replaceState(history.state, "", location.pathname + location.search + fragment(chosen, anchor));
}

for (const event of ["pointerdown", "focusin", "click"]) document.addEventListener(event, carry, true);
// Before the exit's own script (exit/leave.ts), which follows links.
document.addEventListener("click", choose, true);
addEventListener("hashchange", follow);
begin();
