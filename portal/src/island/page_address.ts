// SPDX-License-Identifier: Apache-2.0
/* Addresses of other pages in the language of this one. */

import { place } from "../place/place";

/** Return the address of a page, e.g. `/case/` or `/fi/case/`. */
export function pageAddress(page: string): string {
  const language = document.documentElement.lang;
  return location.pathname.startsWith(`/${language}/`) ? `/${language}${page}` : page;
}

/** Go to another page, and take the place along as links do. */
export function goTo(page: string): void {
  const here = place();
  location.replace(pageAddress(page) + (here === null ? "" : `#${here}`));
}

/** Leave for the services made for under-18s. Nothing was fingerprinted, nothing is sent. */
export function goToUnder18(): void {
  goTo("/under-18/");
}
