// SPDX-License-Identifier: Apache-2.0
/* Puts an island in place of the words that stood there while it loaded. */

import { render, type ComponentType } from "preact";
import { pageTranslator } from "../messages/page_words";
import { WordsContext } from "./words";

/** Show a component in the page's island. */
export function mount(Island: ComponentType): void {
  const place = document.getElementById("island");
  if (!place) return;
  const words = pageTranslator();
  place.replaceChildren();
  render(
    <WordsContext.Provider value={words}>
      <Island />
    </WordsContext.Provider>,
    place,
  );
}
