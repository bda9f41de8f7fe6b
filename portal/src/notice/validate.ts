// SPDX-License-Identifier: Apache-2.0
/* Whether a notice holds what its regime asks for. The regimes are data; this only reads their rules: spec/log.md, Notice. */

import { NOTICE_TEXTS, STATEMENTS, type Fields } from "./notice";
import type { Regime, Rule } from "./regime";

/** Return the elements that are not met, in the regime's order; empty for a complete notice. */
export function missing(fields: Fields, regime: Regime): readonly string[] {
  const without = regime.elements.filter(({ rule }) => !isMet(rule, fields)).map(({ element }) => element);
  return fields.role === "authorised" && fields.authority.trim() === "" ? [...without, "authority"] : without;
}

/** Return the locations that are no addresses of the web. */
export function badLocations(fields: Fields): readonly string[] {
  return fields.locations.filter((location) => !isAddress(location));
}

/** Whether a text is an http or https address with a host. */
export function isAddress(text: string): boolean {
  try {
    const { protocol, hostname } = new URL(text.trim());
    return (protocol === "https:" || protocol === "http:") && (hostname.includes(".") || hostname.startsWith("["));
  } catch {
    return false;
  }
}

function isMet(rule: Rule, fields: Fields): boolean {
  if (rule.unless !== null && isFilled(rule.unless, fields)) return true;
  if (rule.addresses && (fields.locations.length === 0 || badLocations(fields).length > 0)) return false;
  return (
    rule.all.every((name) => isFilled(name, fields)) &&
    (rule.any.length === 0 || rule.any.some((name) => isFilled(name, fields)))
  );
}

function isFilled(name: string, fields: Fields): boolean {
  const text = NOTICE_TEXTS.find((one) => one === name);
  if (text) return fields[text].trim() !== "";
  const statement = STATEMENTS.find((one) => one === name);
  if (statement) return fields[statement];
  if (name === "role") return fields.role !== "";
  if (name === "may_tell_author") return fields.may_tell_author !== "";
  throw new Error(`no field ${name}`);
}
