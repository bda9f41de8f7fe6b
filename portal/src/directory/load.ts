// SPDX-License-Identifier: Apache-2.0
/*
 * Reads content/directory at build time and stops the build rather than show a value nobody checked.
 *
 * A wrong number in front of a frightened person is worse than none: every shown field must be `seed` or `sourced`,
 * every service must name its source, the day of its review and a way to reach it. Every service has a kind and a country, and with them a
 * place on the help pages; content/countries and `pages.yaml` say which ones other pages show, in order.
 */

import { parse } from "yaml";
import { readOpening, type Opening } from "./opening";
import { list, nullable, reviewedOf, row, text, type Row } from "../content/rows";
import { checkedFields, regionsOf, sourcesOf, type Source } from "./rows";

/** Kinds of service, in the order in which the help pages show them. */
export const KINDS = [
  "emergency",
  "police",
  "ncii_helpline",
  "victim_support",
  "child_protection",
  "mental_health",
  "hash_service",
  "platform_reporting_help",
  "content_regulator",
  "crime_hotline",
] as const;
/** Help for people who did harm or fear they will: never among help for people who were harmed. */
export const PREVENTION = "prevention";
export type Kind = (typeof KINDS)[number] | typeof PREVENTION;

/** How a service is reached, in the words of its row; each is shown as a link. */
const WAYS = ["phone", "sms", "email", "url", "chat_url"] as const;

/** Null where nobody checked for whom it is. */
export type Audience = "all" | "adult" | "under_18" | null;

export interface Phone {
  readonly number: string;
  readonly note: string | null;
}

export interface Service {
  readonly id: string;
  readonly name: string;
  readonly localName: string | null;
  /** Its site in the language of its country. */
  readonly localUrl: string | null;
  readonly country: string;
  readonly kind: Kind;
  readonly audience: Audience;
  readonly regions: readonly string[] | null;
  readonly reviewed: string;
  readonly canDo: readonly string[];
  readonly phones: readonly Phone[];
  readonly sms: Phone | null;
  readonly email: string | null;
  readonly url: string | null;
  readonly chatUrl: string | null;
  readonly hours: string | null;
  readonly chatHours: string | null;
  readonly opening: ReadonlyMap<string, Opening>;
  readonly languages: readonly string[];
  readonly cost: string | null;
  readonly isFree: boolean;
  readonly confidentiality: string | null;
  readonly accessibility: string | null;
  readonly source: readonly Source[];
}

export interface Directory {
  /** Every service, country by country. */
  readonly services: ReadonlyMap<string, Service>;
  readonly lists: ReadonlyMap<string, readonly Service[]>;
}

/**
 * Return every service by id and every list, those of `pages.yaml` and those that countries fill; throws where anything is unchecked or
 * unknown.
 */
export function readDirectory(
  files: { readonly [path: string]: string },
  ofCountries: ReadonlyMap<string, readonly string[]>,
): Directory {
  const services = new Map<string, Service>();
  let pages: Row = {};
  let opening: unknown = [];
  for (const [path, content] of Object.entries(files)) {
    const document: unknown = parse(content);
    if (path.endsWith("/pages.yaml")) pages = row(document, path);
    else if (path.endsWith("/opening.yaml")) opening = document;
    else for (const entry of list(document, path)) add(services, service(row(entry, path)));
  }
  const openings = readOpening(opening, (id) => textsOf(found(services, id, "opening.yaml")));
  for (const [id, own] of openings) services.set(id, { ...found(services, id, "opening.yaml"), opening: own });
  const lists = new Map<string, readonly Service[]>();
  for (const [page, ids] of [...Object.entries(pages), ...ofCountries])
    lists.set(
      page,
      list(ids, page).map((id) => found(services, String(id), page)),
    );
  return { services, lists };
}

function textsOf(one: Service): Map<string, string> {
  const pairs = [
    ["hours", one.hours],
    ["chat_hours", one.chatHours],
    ...one.phones.map((phone) => [phone.number, phone.note]),
  ] as const;
  return new Map(pairs.flatMap(([from, words]) => (from && words ? [[from, words]] : [])));
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
  const shown = checkedFields(entry, id);
  const value = (field: string): unknown => (field in shown ? row(shown[field], id)["value"] : null);
  const optional = (field: string): string | null =>
    value(field) === null ? null : text(value(field), `${id}.${field}`);
  const sms = optional("sms");
  if (!WAYS.some((field) => field in shown)) throw new Error(`directory: there is no way to reach ${id}`);
  return {
    id,
    name: text(entry["name"], `${id}.name`),
    localName: optional("local_name"),
    localUrl: optional("local_url"),
    country: text(entry["country"], `${id}.country`),
    kind: kindOf(entry["kind"], id),
    audience: audienceOf(entry["audience"], id),
    regions: regionsOf(entry, id),
    reviewed: reviewedOf(entry, id),
    canDo: list(value("can_do") ?? [], id).map(String),
    phones: list(value("phone") ?? [], id).map((phone) => phoneOf(row(phone, id), id)),
    sms: sms === null ? null : shortNumberOf(sms, id),
    email: optional("email"),
    url: optional("url"),
    chatUrl: optional("chat_url"),
    hours: optional("hours"),
    chatHours: optional("chat_hours"),
    opening: new Map(),
    languages: list(value("languages") ?? [], id).map(String),
    cost: optional("cost"),
    isFree: value("cost") === "free",
    confidentiality: optional("confidentiality"),
    accessibility: optional("accessibility"),
    source: sourcesOf(entry, id),
  };
}

function kindOf(value: unknown, id: string): Kind {
  const kind = [...KINDS, PREVENTION as Kind].find((one) => one === value);
  if (!kind) throw new Error(`directory: ${id} has no kind that a page shows`);
  return kind;
}

function audienceOf(value: unknown, id: string): Audience {
  if (value === "all" || value === "adult" || value === "under_18" || value === null) return value;
  throw new Error(`directory: ${id} has no audience`);
}

function phoneOf(phone: Row, id: string): Phone {
  return { number: text(phone["number"], `${id}.phone`), note: nullable(phone["note"]) };
}

/** Return a number for texts, which may say in brackets what to write: `686868 (send CONNECT)`. */
function shortNumberOf(value: string, id: string): Phone {
  const [, number, note] = /^(\+?[\d -]*\d)(?: \((.+)\))?$/.exec(value) ?? [];
  if (!number) throw new Error(`directory: ${id}.sms is no number`);
  return { number, note: note ?? null };
}
