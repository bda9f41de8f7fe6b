// SPDX-License-Identifier: Apache-2.0
/*
 * Reads content/directory at build time and stops the build rather than show a value nobody checked.
 *
 * A wrong number in front of a frightened person is worse than none: every shown field must be `seed` or `sourced`,
 * every service must name its source and the day of its review, and every file must be used.
 */

import { parse } from "yaml";

export type Confidence = "seed" | "sourced";

export interface Phone {
  readonly number: string;
  readonly note: string | null;
}

export interface Source {
  readonly title: string;
  readonly url: string | null;
  readonly date: string | null;
}

export interface Service {
  readonly id: string;
  readonly name: string;
  readonly country: string;
  readonly regions: readonly string[];
  readonly reviewed: string;
  readonly canDo: readonly string[];
  readonly phones: readonly Phone[];
  readonly sms: string | null;
  readonly url: string | null;
  readonly hours: string | null;
  readonly languages: readonly string[];
  readonly isFree: boolean;
  readonly confidentiality: string | null;
  readonly source: readonly Source[];
}

type Row = { readonly [field: string]: unknown };

/** Return every service by id and every page's list; throws where anything is unchecked, unknown or unused. */
export function readDirectory(files: { readonly [path: string]: string }): Map<string, readonly Service[]> {
  const services = new Map<string, Service>();
  let pages: Row = {};
  for (const [path, text] of Object.entries(files)) {
    const document: unknown = parse(text);
    if (path.endsWith("/pages.yaml")) pages = row(document, path);
    else for (const entry of list(document, path)) add(services, service(row(entry, path)));
  }
  const lists = new Map<string, readonly Service[]>();
  const used = new Set<string>();
  for (const [page, ids] of Object.entries(pages)) {
    lists.set(page, list(ids, page).map((id) => found(services, String(id), page)));
    for (const id of list(ids, page)) used.add(String(id));
  }
  for (const id of services.keys()) if (!used.has(id)) throw new Error(`directory: no page shows ${id}`);
  return lists;
}

function add(services: Map<string, Service>, one: Service): void {
  if (services.has(one.id)) throw new Error(`directory: ${one.id} is there twice`);
  services.set(one.id, one);
}

function found(services: Map<string, Service>, id: string, page: string): Service {
  const one = services.get(id);
  if (!one) throw new Error(`directory: ${page} names ${id}, which is not there`);
  return one;
}

function service(entry: Row): Service {
  const id = text(entry["id"], "id");
  requireChecked(entry["confidence"], id, "confidence");
  const shown = row(entry["shown"], id);
  for (const [field, value] of Object.entries(shown)) requireChecked(row(value, id)["confidence"], id, field);
  const value = (field: string): unknown => (field in shown ? row(shown[field], id)["value"] : null);
  const optional = (field: string): string | null => (value(field) === null ? null : text(value(field), `${id}.${field}`));
  const source = list(entry["source"], id).map((one) => row(one, id));
  if (source.length === 0) throw new Error(`directory: ${id} names no source`);
  const reviewed = text(entry["reviewed"], `${id}.reviewed`);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(reviewed)) throw new Error(`directory: ${id} has no day of review`);
  return {
    id,
    name: text(entry["name"], `${id}.name`),
    country: text(entry["country"], `${id}.country`),
    regions: list(entry["regions"], id).map(String),
    reviewed,
    canDo: list(value("can_do") ?? [], id).map(String),
    phones: list(value("phone") ?? [], id).map((phone) => phoneOf(row(phone, id), id)),
    sms: optional("sms"),
    url: optional("url"),
    hours: optional("hours"),
    languages: list(value("languages") ?? [], id).map(String),
    isFree: value("cost") === "free",
    confidentiality: optional("confidentiality"),
    source: source.map((one) => ({ title: text(one["title"], id), url: nullable(one["url"]), date: nullable(one["date"]) })),
  };
}

function phoneOf(phone: Row, id: string): Phone {
  return { number: text(phone["number"], `${id}.phone`), note: nullable(phone["note"]) };
}

function requireChecked(confidence: unknown, id: string, field: string): asserts confidence is Confidence {
  if (confidence !== "seed" && confidence !== "sourced") throw new Error(`directory: ${id}.${field} was not checked`);
}

function row(value: unknown, place: string): Row {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error(`directory: ${place} is not a row`);
  return Object.fromEntries(Object.entries(value));
}

function list(value: unknown, place: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`directory: ${place} is not a list`);
  return value;
}

function text(value: unknown, place: string): string {
  if (typeof value !== "string" || value === "") throw new Error(`directory: ${place} is not a text`);
  return value;
}

function nullable(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
