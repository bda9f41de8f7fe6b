// SPDX-License-Identifier: Apache-2.0
/*
 * The case key, made on this device and the only way into a case. Contract: spec/case.md, vectors/case_key.json.
 *
 * It lives in memory only: it must never reach an address, a storage, a log or a request. The exchange is shown
 * the two values that `authorization` derives.
 */

import { toHex } from "../bytes/bytes";
import { sealingKey } from "../bytes/seal";

const SECRET_BYTES = 10;
const SIGNS = 20;
const GROUP = 4;
const CHECK_SIGNS = 4;
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/** Hyphens and spaces as phones and printed sheets write them. */
const SEPARATORS = /[\s\u00ad\u2010-\u2015\u2212-]/g;

/** What is wrong with a key as it was typed: too few or too many signs, a sign no key has, or a slip somewhere. */
export type KeyProblem = "length" | "sign" | "check";

export class CaseKeyError extends Error {
  constructor(
    readonly problem: KeyProblem,
    /** How many letters and digits were typed. */
    readonly signs: number,
  ) {
    super(problem);
  }
}

/** A case key: `text` is what the person keeps. */
export interface CaseKey {
  readonly text: string;
  readonly authorization: string;
}

/** Make a new key from the device's secure random source. */
export async function makeCaseKey(): Promise<CaseKey> {
  return keyOf(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));
}

/** Read a key as a person types it; throws CaseKeyError. */
export async function readCaseKey(typed: string): Promise<CaseKey> {
  const signs = signsOf(typed);
  if (signs.length !== SIGNS) throw new CaseKeyError("length", signs.length);
  if ([...signs].some((sign) => !ALPHABET.includes(sign))) throw new CaseKeyError("sign", signs.length);
  const secret = decode(signs.slice(0, SIGNS - CHECK_SIGNS));
  if ((await checkSigns(secret)) !== signs.slice(-CHECK_SIGNS)) throw new CaseKeyError("check", signs.length);
  return keyOf(secret);
}

/** Say whether what was typed is the end of a key, of four signs or more; a slip is no error here. */
export function isEndOf({ text }: CaseKey, typed: string): boolean {
  const signs = signsOf(typed);
  return signs.length >= GROUP && signsOf(text).endsWith(signs);
}

/** As keys are written: capitals alone, no separators, and no sign that looks like another. */
function signsOf(typed: string): string {
  return typed.replace(SEPARATORS, "").toUpperCase().replace(/O/g, "0").replace(/[IL]/g, "1");
}

/** Return the key of ten secret bytes. */
export async function keyOf(secret: Uint8Array<ArrayBuffer>): Promise<CaseKey> {
  const signs = encode(secret) + (await checkSigns(secret));
  const groups = signs.match(new RegExp(`.{${GROUP}}`, "g")) ?? [];
  const [caseId, token] = await Promise.all([
    derive(secret, "stillmine/case-id/v1"),
    derive(secret, "stillmine/case-token/v1"),
  ]);
  return { text: groups.join("-"), authorization: `Case ${toHex(caseId.subarray(0, 16))}.${toHex(token)}` };
}

/** Return the key under which this device seals the person's own names for files, if they wish. The exchange never sees it. */
export async function labelsKey({ text }: CaseKey): Promise<CryptoKey> {
  const secret = decode(signsOf(text).slice(0, SIGNS - CHECK_SIGNS));
  return sealingKey(await derive(secret, "stillmine/case-labels/v1"));
}

/** The 20-bit check: the first bits of a hash over the secret, as four signs. */
async function checkSigns(secret: Uint8Array): Promise<string> {
  const label = new TextEncoder().encode("stillmine/case-key/check/v1");
  const input = new Uint8Array(label.length + secret.length);
  input.set(label);
  input.set(secret, label.length);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", input));
  return encode(digest.subarray(0, 5)).slice(0, CHECK_SIGNS);
}

/** HKDF-SHA256 without salt, 32 bytes. */
async function derive(secret: Uint8Array<ArrayBuffer>, label: string): Promise<Uint8Array<ArrayBuffer>> {
  const base = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  const parameters = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: new TextEncoder().encode(label) };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, base, 256));
}

/** Five bytes are eight signs, highest bits first; the length is a multiple of five. */
function encode(bytes: Uint8Array): string {
  let signs = "";
  let held = 0;
  let heldBits = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    heldBits += 8;
    while (heldBits >= 5) {
      heldBits -= 5;
      signs += ALPHABET.charAt((held >> heldBits) & 31);
    }
    held &= (1 << heldBits) - 1;
  }
  return signs;
}

function decode(signs: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array((signs.length * 5) / 8);
  let held = 0;
  let heldBits = 0;
  let place = 0;
  for (const sign of signs) {
    held = (held << 5) | ALPHABET.indexOf(sign);
    heldBits += 5;
    if (heldBits >= 8) {
      heldBits -= 8;
      bytes[place++] = held >> heldBits;
      held &= (1 << heldBits) - 1;
    }
  }
  return bytes;
}
