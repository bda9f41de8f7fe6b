// SPDX-License-Identifier: Apache-2.0
/* Going to other pages by script. */

import { place } from "../place/place";
import { pageAddress } from "./page_address";

/** Go to another page, and take the place along as links do. */
export function goTo(page: string): void {
  const here = place();
  location.replace(pageAddress(page) + (here === null ? "" : `#${here}`));
}

/** Leave for the services made for under-18s. Nothing was fingerprinted, nothing is sent. */
export function goToUnder18(): void {
  goTo("/under-18/");
}
