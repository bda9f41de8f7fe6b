// SPDX-License-Identifier: Apache-2.0
/*
 * Makes a help page say what is open now, shows what is for the place, and lets a person narrow the list. Without this script the page of a
 * country is the whole list. It asks nobody and keeps nothing: what was chosen is gone with the page.
 */

import { followPlace, isFor, place } from "../place/place";
import { keepOpeningStates } from "./opening_states";

const filters = document.querySelector<HTMLElement>("[data-filters]");
const services = [...document.querySelectorAll<HTMLElement>("[data-service]")];
const sections = [...document.querySelectorAll<HTMLElement>("[data-section]")];

function chosen(name: string): string {
  const field = filters?.querySelector<HTMLSelectElement | HTMLInputElement>(`[name=${name}]`);
  if (field instanceof HTMLInputElement) return field.checked ? "yes" : "";
  return field?.value ?? "";
}

/** What is for some places only is shown once one of them is known. */
function isHere(service: HTMLElement): boolean {
  const { of } = service.dataset;
  const code = place();
  return of === undefined || (code !== null && isFor(of, code));
}

function fits(service: HTMLElement): boolean {
  const { kind = "", audience = "", ways = "", free = "" } = service.dataset;
  const [wantedKind, wantedAudience, wantedWay] = [chosen("kind"), chosen("audience"), chosen("way")];
  return (
    (wantedKind === "" || kind === wantedKind) &&
    (wantedAudience === "" || audience === "all" || audience === wantedAudience) &&
    (wantedWay === "" || ways.split(" ").includes(wantedWay)) &&
    (chosen("free") === "" || free === "yes") &&
    (chosen("open") === "" || service.querySelector(".is-open") !== null)
  );
}

function narrow(): void {
  const here = services.filter(isHere);
  let count = 0;
  for (const service of services) {
    service.hidden = !here.includes(service) || !fits(service);
    if (!service.hidden) count += 1;
  }
  for (const section of sections) {
    section.hidden = !section.querySelector("[data-service]:not([hidden])");
    const way = document.querySelector<HTMLElement>(`[data-to="${section.id}"]`);
    if (way) way.hidden = section.hidden;
  }
  const status = filters?.querySelector<HTMLElement>("[data-count]");
  const text = (status?.dataset["count"] ?? "").replace("{count}", String(count)).replace("{all}", String(here.length));
  if (status && status.textContent !== text) status.textContent = text;
  const empty = document.querySelector<HTMLElement>("[data-empty]");
  if (empty) empty.hidden = count > 0;
}

function showAll(): void {
  for (const field of filters?.querySelectorAll<HTMLSelectElement | HTMLInputElement>("select, input") ?? []) {
    if (field instanceof HTMLInputElement) field.checked = false;
    else field.value = "";
  }
  narrow();
  filters?.querySelector<HTMLElement>("input")?.focus();
}

if (filters) {
  filters.hidden = false;
  filters.addEventListener("change", narrow);
  for (const button of document.querySelectorAll("[data-show-all]")) button.addEventListener("click", showAll);
}
// Also when a page comes back out of the browser's memory: it may keep what was chosen in its fields.
keepOpeningStates(() => {
  if (filters) narrow();
});
followPlace(() => {
  if (filters) narrow();
});
