// SPDX-License-Identifier: Apache-2.0
/* Everything that this portal may ever keep on this device, in one list. What keeps something new has to be added here. */

import { isKept, keepCountry, keepMarks } from "../guidance/remembered";
import { forget, isRemembered } from "../ledger/remembered";
import { hasKept, wipeKept } from "../vault/store";
import { arePagesKept, forgetPages } from "./pages_kept";

export interface Kept {
  readonly name: "pages" | "country" | "marks" | "ledger" | "log";
  isStored: () => Promise<boolean>;
  erase: () => Promise<void>;
}

export const KEPT: readonly Kept[] = [
  { name: "pages", isStored: arePagesKept, erase: forgetPages },
  { name: "country", isStored: async () => isKept("country"), erase: async () => void keepCountry(null) },
  { name: "marks", isStored: async () => isKept("marks"), erase: async () => void keepMarks(null) },
  { name: "ledger", isStored: async () => isRemembered(), erase: async () => forget() },
  { name: "log", isStored: hasKept, erase: wipeKept },
];
