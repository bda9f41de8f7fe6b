// SPDX-License-Identifier: Apache-2.0
/* A complete notice under article 16 of the Digital Services Act as data, never more than its text says: spec/notice-data.md. */

import type { Translator } from "../messages/translator";
import { CIRCUMSTANCES, type Circumstance, type Notice } from "./notice";
import type { Regime } from "./regime";
import { noticeParts } from "./text";

export interface Article16Notice {
  readonly format: "stillmine-article-16-notice/1";
  readonly language: string;
  readonly service: string;
  readonly reasons: string;
  readonly locations: readonly string[];
  readonly description?: string;
  readonly is_under_18: boolean;
  readonly submitter?: { readonly name: string; readonly email: string };
  readonly good_faith: true;
  readonly accurate: true;
  readonly circumstances: readonly Circumstance[];
}

/** Return the notice in the words of a language; throws where the person did not state what such a notice has to state. */
export function article16Notice(notice: Notice, regime: Regime, words: Translator): Article16Notice {
  const { fields } = notice;
  if (!fields.states_good_faith || !fields.states_accurate)
    throw new Error("a notice that is not stated in good faith");
  const parts = new Map(noticeParts(notice, regime, words).map(({ part, text }) => [part, text]));
  const name = fields.name.trim();
  const email = fields.email.trim();
  const description = parts.get("what");
  return {
    format: "stillmine-article-16-notice/1",
    language: words.locale,
    service: notice.platform_name,
    reasons: parts.get("why") ?? "",
    locations: [...new Set(fields.locations.map(addressOf))],
    ...(description !== undefined && { description }),
    is_under_18: fields.is_under_18,
    ...(name !== "" && email !== "" && { submitter: { name, email } }),
    good_faith: true,
    accurate: true,
    circumstances: CIRCUMSTANCES.filter((one) => fields[one]),
  };
}

/** An address as data: as it was written, or as a browser reads it where it was written in another way (`HTTPS://…`, with a space). */
function addressOf(location: string): string {
  return /^https?:\/\/[^\s/]+\S*$/.test(location) ? location : new URL(location).href;
}
