// SPDX-License-Identifier: Apache-2.0
/*
 * A notice: what a person writes to have something taken down, and when it was sent. It carries a name, so it never meets a case.
 */

import { toHex } from "../bytes/bytes";

/** Texts of a notice; any may be empty until the regime's elements are checked. */
export const NOTICE_TEXTS = [
  "name",
  "signature",
  "email",
  "phone",
  "address",
  "description",
  "reasons",
  "facts",
  "authority",
] as const;
export type NoticeText = (typeof NOTICE_TEXTS)[number];

/** What a person states by ticking it. */
export const STATEMENTS = [
  "states_intimate",
  "states_no_consent",
  "states_good_faith",
  "states_accurate",
  "is_under_18",
] as const;
export type Statement = (typeof STATEMENTS)[number];

/** What a person can say of the content, none of which makes it less serious. */
export const CIRCUMSTANCES = ["is_fake", "shows_under_clothes", "recorded_unknowing"] as const;
export type Circumstance = (typeof CIRCUMSTANCES)[number];

export type Fields = { readonly [Name in NoticeText]: string } & {
  readonly [Name in Statement | Circumstance]: boolean;
} & {
  readonly role: "" | "self" | "authorised";
  readonly may_tell_author: "" | "yes" | "no";
  readonly locations: readonly string[];
};

export interface Notice {
  readonly id: string;
  readonly regime: string;
  /** A row of content/platforms.yaml, or empty with a name in `platform_name`. */
  readonly platform: string;
  readonly platform_name: string;
  /** Where the person is, `fi`; empty where they did not say. Some sentences and next steps are for one country. */
  readonly country: string;
  /** The language that the site is written to in: one that these pages have. */
  readonly language: string;
  readonly fields: Fields;
  /** UTC; empty until the person says that it was sent. */
  readonly sent_at: string;
  /** When the regulator gave its own notice, for a clock that starts then; UTC or empty. */
  readonly regulator_at: string;
  /** The day the person chose to look again, where the law names no hours, `2026-12-01`; empty for none. */
  readonly look_again: string;
  readonly outcome: "" | "removed" | "refused";
  readonly answer: string;
}

export const EMPTY_FIELDS: Fields = {
  role: "",
  authority: "",
  name: "",
  signature: "",
  email: "",
  phone: "",
  address: "",
  may_tell_author: "",
  locations: [],
  description: "",
  reasons: "",
  facts: "",
  states_intimate: false,
  states_no_consent: false,
  states_good_faith: false,
  states_accurate: false,
  is_fake: false,
  shows_under_clothes: false,
  recorded_unknowing: false,
  is_under_18: false,
};

/** What most sites read, whatever language their pages are in. */
const SITE_LANGUAGE = "en";

/** A notice with nothing filled in. */
export function newNotice(regime: string, platform: string, platformName: string, country = ""): Notice {
  return {
    id: toHex(crypto.getRandomValues(new Uint8Array(16))),
    regime,
    platform,
    platform_name: platformName,
    country,
    language: SITE_LANGUAGE,
    fields: EMPTY_FIELDS,
    sent_at: "",
    regulator_at: "",
    look_again: "",
    outcome: "",
    answer: "",
  };
}

type Row = { readonly [name: string]: unknown };

/** Return a notice that was kept; calls `damaged` for anything that is not one. */
export function readNotice(row: Row, damaged: () => never): Notice {
  const of = (from: Row, name: string): string => {
    const found = from[name];
    return typeof found === "string" ? found : damaged();
  };
  const kept = row["fields"];
  if (typeof kept !== "object" || kept === null) return damaged();
  const fields: Row = Object.fromEntries(Object.entries(kept));
  const locations = fields["locations"];
  if (!Array.isArray(locations)) return damaged();
  const role = of(fields, "role");
  const mayTell = of(fields, "may_tell_author");
  const outcome = of(row, "outcome");
  return {
    id: of(row, "id"),
    regime: of(row, "regime"),
    platform: of(row, "platform"),
    platform_name: of(row, "platform_name"),
    country: "country" in row ? of(row, "country") : "",
    language: "language" in row ? of(row, "language") : SITE_LANGUAGE,
    sent_at: of(row, "sent_at"),
    regulator_at: of(row, "regulator_at"),
    look_again: of(row, "look_again"),
    outcome: outcome === "removed" || outcome === "refused" ? outcome : "",
    answer: of(row, "answer"),
    fields: {
      ...EMPTY_FIELDS,
      ...Object.fromEntries(NOTICE_TEXTS.map((name) => [name, of(fields, name)])),
      ...Object.fromEntries([...STATEMENTS, ...CIRCUMSTANCES].map((name) => [name, fields[name] === true])),
      role: role === "self" || role === "authorised" ? role : "",
      may_tell_author: mayTell === "yes" || mayTell === "no" ? mayTell : "",
      locations: locations.map(String),
    },
  };
}
