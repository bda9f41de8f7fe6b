// SPDX-License-Identifier: Apache-2.0
/* The switch that remembers the place on this device; off unless the person turns it on. */

import { keepPlace, keptPlace } from "./kept_place";
import { followPlace, place } from "./place";

for (const part of document.querySelectorAll<HTMLElement>("[data-keep-place]")) {
  const box = part.querySelector("input");
  const refused = part.querySelector<HTMLElement>("[data-refused]");
  if (!box || !refused) continue;
  box.addEventListener("change", () => {
    const isKept = keepPlace(box.checked ? place() : null);
    refused.hidden = isKept;
    box.checked &&= isKept;
  });
  followPlace(() => {
    box.checked = keptPlace() !== null;
  });
}
