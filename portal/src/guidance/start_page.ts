// SPDX-License-Identifier: Apache-2.0
/*
 * The country on the start page: chosen, never guessed. It turns the situations' links to the pages of that country and shows its
 * emergency number first; kept on the device only where the person switches that on.
 */

import { keepCountry, keptCountry } from "./remembered";

const place = document.querySelector<HTMLElement>("[data-country-choice]");
const select = place?.querySelector("select");
const keep = place?.querySelector("input");
const refused = place?.querySelector<HTMLElement>("[data-refused]");
const links = [...document.querySelectorAll<HTMLAnchorElement>("a[data-of-country]")].map((link) => ({
  link,
  plain: link.getAttribute("href") ?? "",
}));

function show(country: string): void {
  for (const { link, plain } of links) link.setAttribute("href", country === "" ? plain : `${plain}${country}/`);
  for (const number of document.querySelectorAll<HTMLElement>(".numbers [data-country]")) {
    if (number.dataset["country"] === country) number.parentElement?.prepend(number);
  }
}

if (place && select && keep && refused) {
  const kept = keptCountry();
  select.value = kept ?? "";
  keep.checked = kept !== null;
  show(select.value);
  place.hidden = false;
  const change = (): void => {
    show(select.value);
    const isKept = keepCountry(keep.checked && select.value !== "" ? select.value : null);
    refused.hidden = isKept;
    keep.checked &&= isKept;
  };
  select.addEventListener("change", change);
  keep.addEventListener("change", change);
}
