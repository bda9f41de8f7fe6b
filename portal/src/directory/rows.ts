// SPDX-License-Identifier: Apache-2.0
/* What rows of facts have in common: confidence, sources, regions. */

import { list, nullable, row, text, type Row } from "../content/rows";

export type Confidence = "seed" | "sourced";

export interface Source {
  readonly title: string;
  readonly url: string | null;
  readonly date: string | null;
  readonly reliability: string | null;
}

/** Return what may be shown of a row, field by field; throws where one was not checked. */
export function checkedFields(entry: Row, id: string): Row {
  confidenceOf(entry["confidence"], id, "confidence");
  const shown = row(entry["shown"], id);
  for (const [field, value] of Object.entries(shown)) confidenceOf(row(value, id)["confidence"], id, field);
  return shown;
}

/** Return a confidence that may be shown; throws for any other. */
export function confidenceOf(confidence: unknown, id: string, field: string): Confidence {
  if (confidence !== "seed" && confidence !== "sourced") throw new Error(`directory: ${id}.${field} was not checked`);
  return confidence;
}

/** Return where a row is from; throws where it doesn't say. */
export function sourcesOf(entry: Row, id: string): readonly Source[] {
  const source = list(entry["source"], id).map((one) => row(one, id));
  if (source.length === 0) throw new Error(`directory: ${id} names no source`);
  return source.map((one) => ({
    title: text(one["title"], id),
    url: nullable(one["url"]),
    date: nullable(one["date"]),
    reliability: nullable(one["reliability"]),
  }));
}

/** Return the regions that a row is limited to; null where it is limited, but nobody checked to which. */
export function regionsOf(entry: Row, id: string): readonly string[] | null {
  return entry["regions"] === null ? null : list(entry["regions"] ?? [], id).map(String);
}
