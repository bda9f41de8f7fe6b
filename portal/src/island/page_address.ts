// SPDX-License-Identifier: Apache-2.0
/* Addresses of other pages in the language of this one. */

/** Return the address of a page, e.g. `/case/` or `/fi/case/`. */
export function pageAddress(page: string): string {
  const language = document.documentElement.lang;
  return location.pathname.startsWith(`/${language}/`) ? `/${language}${page}` : page;
}
