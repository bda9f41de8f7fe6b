// SPDX-License-Identifier: Apache-2.0
/* The place that a person chose, on this device and only where she switched that on. It says that this portal was used. */

import { keepText, keptText } from "../kept/kept_text";

const NAME = "stillmine.country";
const CODE = /^[a-z]{2}(?:-[a-z]{3})?$/;

/** Return `nz` or `gb-wls` where a text is a place's code, otherwise null. */
export function placeCode(text: string | null): string | null {
  return text !== null && CODE.test(text) ? text : null;
}

/** Return the place that is kept; null where none is, or where the browser keeps nothing. */
export function keptPlace(): string | null {
  return placeCode(keptText(NAME));
}

/** Whether anything is kept under the name, also what can't be read any more. */
export function isPlaceKept(): boolean {
  return keptText(NAME) !== null;
}

/** Keep a place, or forget it with null; false where the browser keeps nothing. */
export function keepPlace(place: string | null): boolean {
  return keepText(NAME, place);
}
