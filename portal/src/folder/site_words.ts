// SPDX-License-Identifier: Apache-2.0
/* The words of the language that a site is written to in, which may be another than the page's. */

import { useState } from "preact/hooks";
import { useWords } from "../island/words";
import { otherTranslators } from "../messages/page_words";
import type { Translator } from "../messages/translator";
import type { Notice } from "../notice/notice";

export interface SiteWords {
  /** Of the notice's language; the page's own where the page does not carry that one. */
  readonly site: Translator;
  /** Every language a notice can be in, the page's own among them. */
  readonly all: readonly Translator[];
}

export function useSiteWords({ language }: Notice): SiteWords {
  const personWords = useWords();
  const [others] = useState(otherTranslators);
  const all = [personWords, ...others].sort((one, other) => one.locale.localeCompare(other.locale));
  return { site: all.find(({ locale }) => locale === language) ?? personWords, all };
}
