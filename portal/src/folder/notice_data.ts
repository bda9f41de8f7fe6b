// SPDX-License-Identifier: Apache-2.0
/* The regimes and platforms that the page carries as data. */

import type { NoticeData } from "../notice/regime";

/** Return them; throws where the page carries none. */
export function pageNoticeData(): NoticeData {
  const carried: unknown = JSON.parse(document.getElementById("notice-data")?.textContent ?? "null");
  if (!isNoticeData(carried)) throw new Error("the page carries no regimes");
  return carried;
}

/** Made by this project's own build from checked files, so its two lists are enough to look at. */
function isNoticeData(value: unknown): value is NoticeData {
  return (
    typeof value === "object" &&
    value !== null &&
    "regimes" in value &&
    Array.isArray(value.regimes) &&
    "platforms" in value &&
    Array.isArray(value.platforms)
  );
}
