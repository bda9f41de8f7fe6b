// SPDX-License-Identifier: Apache-2.0
/* One entry of the log as the exact text that is hashed, and what stands for a fingerprint in it. Contract: spec/ledger.md. */

import { fromHex, utf8, type Bytes } from "../bytes/bytes";
import { sha256 } from "./proofs";

const SALT_LABEL = utf8("stillmine/case-ledger/v1");
const COMMITMENT_LABEL = utf8("stillmine/ledger/fingerprint/v1");
const HASH = /^[0-9a-f]{64}$/;
const FIELDS = ["version", "event", "day", "salt", "partner", "items", "root", "details"];

/** What an entry says; `root` is the tree hash over `items` commitments. Events of later versions are read too. */
export interface Entry {
  readonly event: string;
  readonly day: string;
  readonly partner: string | null;
  readonly items: number;
  readonly root: Bytes | null;
}

/** Return the entry of a leaf's text; null for any text that the exchange would not have made. */
export function readEntry(text: string): Entry | null {
  const fields = objectOf(text);
  if (fields === null || canonical(fields) !== text || Object.keys(fields).some((name) => !FIELDS.includes(name)))
    return null;
  if (fields["partner"] === null || fields["items"] === 0 || fields["root"] === null || !areDetails(fields["details"]))
    return null;
  const { version, event, day, salt, partner = null, items = 0, root = null } = fields;
  if (version !== 1 || typeof event !== "string" || typeof salt !== "string" || !HASH.test(salt)) return null;
  if (typeof day !== "string" || !isDay(day) || (partner !== null && typeof partner !== "string")) return null;
  if (typeof items !== "number" || !Number.isSafeInteger(items) || items < 0 || (items === 0) !== (root === null))
    return null;
  if (root === null) return { event, day, partner, items, root };
  return typeof root === "string" && HASH.test(root) ? { event, day, partner, items, root: fromHex(root) } : null;
}

/** Return the ledger salt of the case that this token opens. */
export async function ledgerSalt(token: Bytes): Promise<Bytes> {
  const base = await crypto.subtle.importKey("raw", token, "HKDF", false, ["deriveBits"]);
  const parameters = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: SALT_LABEL };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, base, 256));
}

/** Return what stands for a fingerprint in the log. */
export function commitment(salt: Bytes, fingerprintId: string): Promise<Bytes> {
  return sha256(COMMITMENT_LABEL, salt, fromHex(fingerprintId));
}

function objectOf(text: string): { readonly [name: string]: unknown } | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}

/** JSON with sorted keys, without white space, in ASCII: the one form that is hashed. */
function canonical(value: unknown): string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return ascii(JSON.stringify(value));
  const fields = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${fields.map(([name, part]) => `${ascii(JSON.stringify(name))}:${canonical(part)}`).join(",")}}`;
}

function ascii(text: string): string {
  return text.replace(/[\u007f-\uffff]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Left out where there are none, as everything that an entry does not have. */
function areDetails(details: unknown): boolean {
  if (details === undefined) return true;
  if (typeof details !== "object" || details === null || Array.isArray(details)) return false;
  const texts = Object.values(details);
  return texts.length > 0 && texts.every((text) => typeof text === "string");
}

function isDay(day: string): boolean {
  const moment = new Date(`${day}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(day) && !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(day);
}
