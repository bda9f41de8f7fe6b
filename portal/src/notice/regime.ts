// SPDX-License-Identifier: Apache-2.0
/*
 * The regimes of notices as the page carries them: data from content/regimes, read at build time, checked here again on the device.
 */

import type { Circumstance } from "./notice";

export interface Rule {
  readonly all: readonly string[];
  readonly any: readonly string[];
  readonly addresses: boolean;
  readonly unless: string | null;
}

export interface Element {
  readonly element: string;
  readonly rule: Rule;
}

/** What a law says of content like this, in a sentence of its own (`notice.says.…`), never stronger than its row. */
export interface Sentence {
  /** `is_real` is said where nobody ticked that it is fake. */
  readonly when: Circumstance | "is_real";
  /** A row of content/laws. */
  readonly law: string;
  /** Said only in notices of this country; null for all. */
  readonly only: string | null;
}

export interface Contact {
  readonly id: string;
  readonly name: string;
  readonly country: string;
  readonly phones: readonly string[];
  readonly url: string | null;
}

export interface Regime {
  readonly id: string;
  readonly countries: readonly string[];
  readonly to: "platform" | "regulator";
  readonly clock: {
    readonly hours: number;
    readonly starts: "sent" | "regulator_notice";
    /** What the time is for: removal, or passing the notice on to whoever posted. */ readonly for:
      "removal" | "passing_on";
  } | null;
  /** What about it was not verified, each with words on the page. */
  readonly unverified: readonly string[];
  readonly elements: readonly Element[];
  readonly sentences: readonly Sentence[];
  /** The parts of the text, in order. */
  readonly text: readonly string[];
  /** The form as data that such a notice can be saved in; null where there is none. */
  readonly data: "article_16" | null;
  /** Whom to turn to when it did not help. */
  readonly escalation: readonly Contact[];
  readonly source: {
    readonly title: string;
    readonly url: string | null;
    readonly date: string | null;
    readonly reviewed: string;
  };
}

export interface Platform {
  readonly id: string;
  readonly name: string;
  readonly report_url: string | null;
  /** Where to tap within its app, in English. */
  readonly in_app_path: string | null;
}

/** Everything that the notice page needs beyond words. */
export interface NoticeData {
  readonly regimes: readonly Regime[];
  readonly platforms: readonly Platform[];
}

/** Return whom to turn to: those of the person's own country where the regime has any. */
export function nextSteps({ escalation }: Regime, country: string): readonly Contact[] {
  const own = escalation.filter((contact) => contact.country === country);
  return own.length > 0 ? own : escalation;
}
