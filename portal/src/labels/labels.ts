// SPDX-License-Identifier: Apache-2.0
/*
 * The person's own names for the files of a case, sealed on this device under a key of the case key, and only where they switched that on.
 * Rules: spec/portal.md, "Names of one's own".
 *
 * What is kept names no case: whose it is shows only in that it opens.
 */

import { fromHex, toHex } from "../bytes/bytes";
import { seal, unseal } from "../bytes/seal";
import { keepText, keptJson, keptText } from "../kept/kept_text";

const NAME = "stillmine.labels";
const ABOUT = "stillmine-labels 1";
const NONCE_HEX = 24;
/** The text is filled with spaces to a multiple of this, so that its length does not tell how many files have a name, or how long. */
const STEP_BYTES = 2_048;

export const MOST_CHARACTERS = 60;

/** By the number of the file in its case. */
export type Labels = ReadonlyMap<number, string>;

/** Return what is kept for the case of this key; null where nothing is, or where the browser keeps nothing. */
export async function keptLabels(key: CryptoKey): Promise<Labels | null> {
  const [labels = null] = (await opened(key)).flatMap(({ found }) => (found === null ? [] : [found]));
  return labels;
}

/** Keep these for the case of this key in place of what was kept, or nothing with null; false where the browser keeps nothing. */
export async function keepLabels(key: CryptoKey, labels: Labels | null): Promise<boolean> {
  const added = labels === null ? [] : [await sealedLabels(key, labels)];
  const mine = new Set((await opened(key)).flatMap(({ sealed, found }) => (found === null ? [] : [sealed])));
  const now = [...read().filter((sealed) => !mine.has(sealed)), ...added];
  return keepText(NAME, now.length === 0 ? null : JSON.stringify(now));
}

/** Whether names are kept for any case, also such as can't be read any more. */
export function areLabelsKept(): boolean {
  return keptText(NAME) !== null;
}

/** Erase those of every case. */
export function forgetLabels(): void {
  keepText(NAME, null);
}

/** Return names without those of these files, the same where none had one. */
export function withoutFiles(labels: Labels, gone: readonly number[]): Labels {
  return gone.some((file) => labels.has(file)) ? new Map([...labels].filter(([file]) => !gone.includes(file))) : labels;
}

/** Return names sealed as they are kept: hex of the nonce, then of what is sealed. */
async function sealedLabels(key: CryptoKey, labels: Labels): Promise<string> {
  const text = new TextEncoder().encode(JSON.stringify([...labels]));
  const filled = new Uint8Array(Math.ceil(text.length / STEP_BYTES) * STEP_BYTES).fill(0x20);
  filled.set(text);
  const { nonce, bytes } = await seal(key, filled, ABOUT);
  return toHex(nonce) + toHex(bytes);
}

/** Return all that is kept, and of each what this key finds in it: null where it is another case's. */
function opened(key: CryptoKey): Promise<readonly { readonly sealed: string; readonly found: Labels | null }[]> {
  return Promise.all(read().map(async (sealed) => ({ sealed, found: await openedLabels(key, sealed) })));
}

/** Return the names that this key finds in what was sealed; null where it is another case's or was changed. */
export async function openedLabels(key: CryptoKey, sealed: string): Promise<Labels | null> {
  const box = { nonce: fromHex(sealed.slice(0, NONCE_HEX)), bytes: fromHex(sealed.slice(NONCE_HEX)) };
  const bytes = await unseal(key, box, ABOUT);
  if (bytes === null) return null;
  const rows: unknown = JSON.parse(new TextDecoder().decode(bytes));
  return new Map(Array.isArray(rows) ? rows.flatMap(labelOf) : []);
}

function labelOf(row: unknown): readonly (readonly [number, string])[] {
  const [file, label] = Array.isArray(row) ? (row as readonly unknown[]) : [];
  return typeof file === "number" && typeof label === "string" ? [[file, label]] : [];
}

function read(): readonly string[] {
  const kept = keptJson(NAME);
  return Array.isArray(kept) ? kept.filter((one) => typeof one === "string") : [];
}
