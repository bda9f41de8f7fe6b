// SPDX-License-Identifier: Apache-2.0
/* Everything that this portal may ever keep on this device, in one list. What keeps something new has to be added here. */

import { keepCountry, keepMarks, keptCountry, keptMarks } from "../guidance/remembered";
import { forget, recall } from "../ledger/remembered";
import { hasKept, wipeKept } from "../vault/store";
import { arePagesKept, forgetPages } from "./pages_kept";

export interface Kept {
  readonly name: "pages" | "country" | "marks" | "ledger" | "log";
  isThere(): Promise<boolean>;
  erase(): Promise<void>;
}

export const KEPT: readonly Kept[] = [
  { name: "pages", isThere: arePagesKept, erase: forgetPages },
  { name: "country", isThere: async () => keptCountry() !== null, erase: async () => void keepCountry(null) },
  { name: "marks", isThere: async () => keptMarks() !== null, erase: async () => void keepMarks(null) },
  { name: "ledger", isThere: async () => recall() !== null, erase: async () => forget() },
  { name: "log", isThere: hasKept, erase: wipeKept },
];
