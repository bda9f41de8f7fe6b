// SPDX-License-Identifier: Apache-2.0
/*
 * The names of messages, taken from the English files: a name without words does not compile.
 */

import type accessibility from "@content/messages/en/accessibility.json";
import type caseWords from "@content/messages/en/case.json";
import type device from "@content/messages/en/device.json";
import type error from "@content/messages/en/error.json";
import type facts from "@content/messages/en/facts.json";
import type file from "@content/messages/en/file.json";
import type folder from "@content/messages/en/folder.json";
import type guide from "@content/messages/en/guide.json";
import type help from "@content/messages/en/help.json";
import type how from "@content/messages/en/how.json";
import type locale from "@content/messages/en/locale.json";
import type log from "@content/messages/en/log.json";
import type notice from "@content/messages/en/notice.json";
import type place from "@content/messages/en/place.json";
import type plan from "@content/messages/en/plan.json";
import type privacy from "@content/messages/en/privacy.json";
import type protect from "@content/messages/en/protect.json";
import type site from "@content/messages/en/site.json";
import type sites from "@content/messages/en/sites.json";
import type start from "@content/messages/en/start.json";
import type talk from "@content/messages/en/talk.json";
import type tryWords from "@content/messages/en/try.json";
import type under18 from "@content/messages/en/under18.json";
import type unsure from "@content/messages/en/unsure.json";

type Words = typeof accessibility &
  typeof caseWords &
  typeof device &
  typeof error &
  typeof facts &
  typeof file &
  typeof folder &
  typeof guide &
  typeof help &
  typeof how &
  typeof locale &
  typeof log &
  typeof notice &
  typeof place &
  typeof plan &
  typeof privacy &
  typeof protect &
  typeof site &
  typeof sites &
  typeof start &
  typeof talk &
  typeof tryWords &
  typeof under18 &
  typeof unsure;

/**
 * Names that a country, a situation or a regime brings along in a file of its own: content/messages/<locale>/<folder>/<id>.json. That each
 * has its words, `make check-content` sees to.
 */
type BroughtKey =
  | `country.${string}`
  | `region.${string}`
  | `start.choice.${string}`
  | `unsure.${string}.${number}`
  | `title.plan.${string}`
  | `notice.${"law" | "subject" | "opening" | "copies" | "clock" | "missing" | "unverified" | "says" | "then"}.${string}`;

export type MessageKey = keyof Words | BroughtKey;

type Stem<Key> = Key extends `${infer Name}.other` ? (`${Name}.one` extends keyof Words ? Name : never) : never;

/** Messages that differ by number; `protect.who.other` is not one, as it has no `.one`. */
export type PluralKey = Stem<keyof Words>;
