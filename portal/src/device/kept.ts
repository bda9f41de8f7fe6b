// SPDX-License-Identifier: Apache-2.0
/* Everything that this portal may ever keep on this device, in one list. What keeps something new has to be added here. */

import { areMarksKept, keepMarks } from "../guidance/remembered";
import { areLabelsKept, forgetLabels } from "../labels/labels";
import { forget, isRemembered } from "../ledger/remembered";
import { isPlaceKept, keepPlace } from "../place/kept_place";
import { areSitesKept, keepSites } from "../sites/remembered";
import { hasKept, wipeKept } from "../vault/store";
import { arePagesKept, forgetPages } from "./pages_kept";

export interface Kept {
  readonly name: "pages" | "country" | "marks" | "sites" | "labels" | "ledger" | "log";
  isStored: () => Promise<boolean>;
  erase: () => Promise<void>;
}

export const KEPT: readonly Kept[] = [
  { name: "pages", isStored: arePagesKept, erase: forgetPages },
  { name: "country", isStored: async () => isPlaceKept(), erase: async () => void keepPlace(null) },
  { name: "marks", isStored: async () => areMarksKept(), erase: async () => void keepMarks(null) },
  { name: "sites", isStored: async () => areSitesKept(), erase: async () => void keepSites(null) },
  { name: "labels", isStored: async () => areLabelsKept(), erase: async () => forgetLabels() },
  { name: "ledger", isStored: async () => isRemembered(), erase: async () => forget() },
  { name: "log", isStored: hasKept, erase: wipeKept },
];
