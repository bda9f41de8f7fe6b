// SPDX-License-Identifier: Apache-2.0
/* On the page of who to talk to: what is open now, and what somebody needs first where it is open. */

import { followPlace } from "../place/place";
import { keepOpeningStates } from "./opening_states";

const needs = [...document.querySelectorAll<HTMLElement>(".talk-need")];
/** Ways without a voice keep their order: the emergency ones first. */
const servicesOf = needs
  .filter((need) => need.dataset["need"] !== "relay")
  .map((need) => [...need.querySelectorAll<HTMLElement>(".talk-to")]);

/** 0 where something is open now, or always is, 1 where nobody wrote hours down, 2 where all of it is closed. */
function rank(part: HTMLElement): number {
  if (part.dataset["need"] === "danger") return 0;
  const states = [...part.querySelectorAll<HTMLElement>(".open-state:not([hidden])")].filter(
    (state) => state.closest("[data-places][hidden]") === null,
  );
  if (states.some((state) => state.classList.contains("is-open"))) return 0;
  return states.length === 0 ? 1 : 2;
}

/** Bring what is open to the front; move nothing where the order is right, or where a key is about to be pressed. */
function sort(parts: readonly HTMLElement[]): void {
  const sorted = [...parts].sort((one, other) => rank(one) - rank(other));
  const now = [...(parts[0]?.parentElement?.children ?? [])].filter((one) => parts.some((part) => part === one));
  if (sorted.every((part, place) => part === now[place])) return;
  if (parts.some((part) => part.contains(document.activeElement))) return;
  const end = now[now.length - 1]?.nextSibling ?? null;
  for (const part of sorted) part.parentElement?.insertBefore(part, end);
}

function order(): void {
  for (const services of servicesOf) sort(services);
  sort(needs);
}

keepOpeningStates(order);
followPlace(order);
