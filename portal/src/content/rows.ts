// SPDX-License-Identifier: Apache-2.0
/*
 * Reads content files at build time. What is not as it should be stops the build and names its place: nothing here ever repairs, guesses
 * or leaves out.
 */

export type Row = { readonly [field: string]: unknown };

export function row(value: unknown, place: string): Row {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error(`content: ${place} is not a row`);
  return Object.fromEntries(Object.entries(value));
}

export function list(value: unknown, place: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`content: ${place} is not a list`);
  return value;
}

export function text(value: unknown, place: string): string {
  if (typeof value !== "string" || value === "") throw new Error(`content: ${place} is not a text`);
  return value;
}

export function nullable(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

/** Return the day on which something was checked. */
export function reviewedOf(entry: Row, place: string): string {
  const reviewed = text(entry["reviewed"], `${place}.reviewed`);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(reviewed)) throw new Error(`content: ${place} has no day of review`);
  return reviewed;
}
