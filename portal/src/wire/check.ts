// SPDX-License-Identifier: Apache-2.0
/*
 * Checks an answer against the shape that the wire package gives it, before any page believes it.
 *
 * Fields this build doesn't know are left alone: a newer exchange may say more than an open page understands.
 */

import {
  SHAPES,
  type CaseLedger,
  type CaseView,
  type ErrorMessage,
  type LedgerConsistency,
  type LedgerKey,
  type NamedPartners,
  type SignedReceipt,
  type WorkNeeded,
} from "./types";

interface Shape {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Shape[];
  readonly items?: Shape;
  readonly properties?: { readonly [field: string]: Shape };
  readonly required?: readonly string[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

const COMPONENTS: { readonly [name: string]: Shape } = SHAPES;

/** Say whether a decoded answer is a CaseView. */
export function isCaseView(value: unknown): value is CaseView {
  return fits(value, { $ref: "CaseView" });
}

/** Say whether a decoded answer is a SignedReceipt. */
export function isSignedReceipt(value: unknown): value is SignedReceipt {
  return fits(value, { $ref: "SignedReceipt" });
}

/** Say whether a decoded answer is a CaseLedger. */
export function isCaseLedger(value: unknown): value is CaseLedger {
  return fits(value, { $ref: "CaseLedger" });
}

/** Say whether a decoded answer is a LedgerConsistency. */
export function isLedgerConsistency(value: unknown): value is LedgerConsistency {
  return fits(value, { $ref: "LedgerConsistency" });
}

/** Say whether a decoded answer is a LedgerKey. */
export function isLedgerKey(value: unknown): value is LedgerKey {
  return fits(value, { $ref: "LedgerKey" });
}

/** Say whether a decoded answer is a NamedPartners. */
export function isNamedPartners(value: unknown): value is NamedPartners {
  return fits(value, { $ref: "NamedPartners" });
}

/** Say whether a decoded answer is an ErrorMessage. */
export function isErrorMessage(value: unknown): value is ErrorMessage {
  return fits(value, { $ref: "ErrorMessage" });
}

/** Say whether a decoded answer is a WorkNeeded. */
export function isWorkNeeded(value: unknown): value is WorkNeeded {
  return fits(value, { $ref: "WorkNeeded" });
}

function fits(value: unknown, shape: Shape): boolean {
  if (shape.$ref !== undefined) {
    const component = COMPONENTS[shape.$ref];
    return component !== undefined && fits(value, component);
  }
  if (shape.anyOf) return shape.anyOf.some((choice) => fits(value, choice));
  if (shape.enum) return shape.enum.includes(value);
  switch (shape.type) {
    case "null":
      return value === null;
    case "boolean":
      return typeof value === "boolean";
    case "string":
      return typeof value === "string" && (shape.pattern === undefined || form(shape.pattern).test(value));
    case "integer":
      return Number.isInteger(value) && inRange(Number(value), shape);
    case "array":
      return Array.isArray(value) && value.every((item) => fits(item, shape.items ?? {}));
    case "object":
      return fitsObject(value, shape);
    default:
      return false;
  }
}

/** Each pattern made once: the public log's answer has ten thousands of hashes, and making it each time froze the page. */
const FORMS = new Map<string, RegExp>();

function form(pattern: string): RegExp {
  const known = FORMS.get(pattern) ?? new RegExp(pattern);
  FORMS.set(pattern, known);
  return known;
}

function inRange(value: number, shape: Shape): boolean {
  return value >= (shape.minimum ?? -Infinity) && value <= (shape.maximum ?? Infinity);
}

function fitsObject(value: unknown, shape: Shape): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  if (!(shape.required ?? []).every((field) => fields.has(field))) return false;
  return Object.entries(shape.properties ?? {}).every(
    ([field, inner]) => !fields.has(field) || fits(fields.get(field), inner),
  );
}
