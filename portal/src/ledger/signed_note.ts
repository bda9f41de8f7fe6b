// SPDX-License-Identifier: Apache-2.0
/*
 * Opens a signed note (C2SP signed-note) with the ledger's Ed25519 key. Contract: spec/ledger.md.
 *
 * Reading is exact, as in `stillmine.ledger`: what is not byte for byte such a text is refused.
 */

import { verifyAsync } from "@noble/ed25519";
import { areSame, fromBase64, toHex, utf8, type Bytes } from "../bytes/bytes";
import { sha256 } from "./proofs";

const ED25519 = Uint8Array.of(1);
const KEY_BYTES = 32;
const KEY_ID_BYTES = 4;
const NAME_DIGITS = 32;
const SIGNATURE_BYTES = 64;
const MARK = "— ";

/** The text that a key of this name signed, with the end of its last line. */
export interface OpenedNote {
  readonly keyName: string;
  readonly body: string;
}

interface NoteKey {
  readonly name: string;
  readonly id: Bytes;
  readonly publicKey: Bytes;
}

/** Return what the key signed, null for any other text, for one that is too long and for one with more signature lines. */
export async function openNote(
  note: string,
  keyText: string,
  maximumBytes: number,
  maximumSignatures: number,
): Promise<OpenedNote | null> {
  const key = await readKey(keyText);
  if (key === null || utf8(note).length > maximumBytes) return null;
  const end = note.lastIndexOf("\n\n");
  const lines = note.slice(end + 2).split("\n");
  if (end < 0 || lines.pop() !== "" || lines.length < 1 || lines.length > maximumSignatures) return null;
  const signatures = lines.map(readSignature);
  if (signatures.includes(null)) return null;
  const body = note.slice(0, end + 1);
  const logSignature = signatures.find(
    (line) => line?.name === key.name && areSame(line.signed.subarray(0, KEY_ID_BYTES), key.id),
  );
  const signature = logSignature?.signed.subarray(KEY_ID_BYTES);
  if (signature?.length !== SIGNATURE_BYTES) return null;
  return (await isSigned(signature, body, key)) ? { keyName: key.name, body } : null;
}

async function isSigned(signature: Uint8Array, body: string, key: NoteKey): Promise<boolean> {
  try {
    return await verifyAsync(signature, utf8(body), key.publicKey, { zip215: false });
  } catch {
    return false;
  }
}

async function readKey(text: string): Promise<NoteKey | null> {
  const [, name, id, encoded] = /^([^+]*)\+([^+]*)\+(.*)$/s.exec(text) ?? [];
  if (name === undefined || id === undefined || encoded === undefined || !isName(name)) return null;
  const marked = fromBase64(encoded);
  if (marked?.length !== 1 + KEY_BYTES || marked[0] !== ED25519[0]) return null;
  const computed = (await sha256(utf8(`${name}\n`), marked)).slice(0, KEY_ID_BYTES);
  const publicKey = marked.slice(1);
  // Of an earlier visit only the name is remembered, so a name that is not made from its key would let another key pass for it.
  const ownName = `stillmine/${toHex(await sha256(publicKey)).slice(0, NAME_DIGITS)}`;
  return name === ownName && toHex(computed) === id ? { name, id: computed, publicKey } : null;
}

function readSignature(line: string): { readonly name: string; readonly signed: Bytes } | null {
  if (!line.startsWith(MARK)) return null;
  const [name, encoded, ...more] = line.slice(MARK.length).split(" ");
  if (name === undefined || encoded === undefined || more.length > 0 || !isName(name)) return null;
  const signed = fromBase64(encoded);
  return signed !== null && signed.length > KEY_ID_BYTES ? { name, signed } : null;
}

/** Say whether a key may have this name. */
export function isName(name: string): boolean {
  return name !== "" && !/[\s+\p{C}\p{Z}]/u.test(name);
}
