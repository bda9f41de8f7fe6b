// SPDX-License-Identifier: Apache-2.0
/* Everything that this portal may ever keep on this device, in one list. What keeps something new has to be added here. */

import { isKept, keepCountry, keepMarks } from "../guidance/remembered";
import { forget, isRemembered } from "../ledger/remembered";
import { hasKept, wipeKept } from "../vault/store";
import { arePagesKept, forgetPages } from "./pages_kept";

export interface Kept {
  readonly name: "pages" | "country" | "marks" | "ledger" | "log";
  isThere: () => Promise<boolean>;
  erase: () => Promise<void>;
}

export const KEPT: readonly Kept[] = [
  { name: "pages", isThere: arePagesKept, erase: forgetPages },
  { name: "country", isThere: async () => isKept("country"), erase: async () => void keepCountry(null) },
  { name: "marks", isThere: async () => isKept("marks"), erase: async () => void keepMarks(null) },
  { name: "ledger", isThere: async () => isRemembered(), erase: async () => forget() },
  { name: "log", isThere: hasKept, erase: wipeKept },
];
