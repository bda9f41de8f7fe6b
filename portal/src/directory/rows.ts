// SPDX-License-Identifier: Apache-2.0
/*
 * Reads rows of content files at build time. What is not as it should be stops the build and names its place: nothing here
 * ever repairs, guesses or leaves out.
 */

export type Confidence = "seed" | "sourced";

export interface Source {
  readonly title: string;
  readonly url: string | null;
  readonly date: string | null;
  readonly reliability: string | null;
}

export type Row = { readonly [field: string]: unknown };

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

/** Return the day on which a row was checked. */
export function reviewedOf(entry: Row, id: string): string {
  const reviewed = text(entry["reviewed"], `${id}.reviewed`);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(reviewed)) throw new Error(`directory: ${id} has no day of review`);
  return reviewed;
}

/** Return the regions that a row is limited to; null where it is limited, but nobody checked to which. */
export function regionsOf(entry: Row, id: string): readonly string[] | null {
  return entry["regions"] === null ? null : list(entry["regions"] ?? [], id).map(String);
}

export function row(value: unknown, place: string): Row {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error(`directory: ${place} is not a row`);
  return Object.fromEntries(Object.entries(value));
}

export function list(value: unknown, place: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`directory: ${place} is not a list`);
  return value;
}

export function text(value: unknown, place: string): string {
  if (typeof value !== "string" || value === "") throw new Error(`directory: ${place} is not a text`);
  return value;
}

export function nullable(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
