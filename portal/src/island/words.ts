// SPDX-License-Identifier: Apache-2.0
/* The page's words, for every component of an island. */

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Translator } from "../messages/translator";

export const WordsContext = createContext<Translator | null>(null);

/** Return the page's translator; throws outside an island. */
export function useWords(): Translator {
  const words = useContext(WordsContext);
  if (!words) throw new Error("no words around this component");
  return words;
}
