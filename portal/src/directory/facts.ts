// SPDX-License-Identifier: Apache-2.0
/*
 * Every fact that the portal holds about services, laws and platforms, as it stands in content/, for the pages that show
 * where each is from. It makes nothing nicer: a reader sees the words, their confidence and their source.
 */

import { parse } from "yaml";
import { list, nullable, reviewedOf, row, text, type Row } from "../content/rows";
import { checkedFields, confidenceOf, regionsOf, sourcesOf, type Confidence, type Source } from "./rows";

export interface Fact {
  readonly field: string;
  readonly values: readonly string[];
  readonly note: string | null;
  readonly confidence: Confidence;
}

export interface FactRow {
  readonly id: string;
  readonly name: string;
  /** A kind of service or law; null for platforms. */
  readonly kind: string | null;
  readonly country: string | null;
  readonly regions: readonly string[] | null;
  readonly reviewed: string;
  readonly confidence: Confidence;
  readonly facts: readonly Fact[];
  readonly source: readonly Source[];
}

/** Return the rows of one file of content/; throws where anything in it was not checked. */
export function readFacts(content: string): readonly FactRow[] {
  return list(parse(content), "facts").map((entry) => factRow(row(entry, "facts")));
}

function factRow(entry: Row): FactRow {
  const id = text(entry["id"], "id");
  const shown = checkedFields(entry, id);
  return {
    id,
    name: text(entry["name"], `${id}.name`),
    kind: nullable(entry["kind"]) ?? nullable(entry["type"]),
    country: nullable(entry["country"]),
    regions: regionsOf(entry, id),
    reviewed: reviewedOf(entry, id),
    confidence: confidenceOf(entry["confidence"], id, "confidence"),
    facts: Object.entries(shown).map(([field, value]) => fact(field, row(value, id), id)),
    source: sourcesOf(entry, id),
  };
}

function fact(field: string, value: Row, id: string): Fact {
  const whole = value["value"];
  const values = (Array.isArray(whole) ? whole : [whole]).map((one: unknown) => words(one, `${id}.${field}`));
  return { field, values, note: nullable(value["note"]), confidence: confidenceOf(value["confidence"], id, field) };
}

/** A value as text: a number or an address with what is said of it in brackets. */
function words(value: unknown, place: string): string {
  if (typeof value === "string") return text(value, place);
  const pair = row(value, place);
  const first = text(pair["number"] ?? pair["url"], place);
  const note = nullable(pair["note"]) ?? nullable(pair["for"]);
  return note === null ? first : `${first} (${note})`;
}
