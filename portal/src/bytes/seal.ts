// SPDX-License-Identifier: Apache-2.0
/* Sealing with AES-GCM under a key that can't be exported. What is sealed says what it is for, so that one thing can't stand for another. */

import type { Bytes } from "./bytes";

const NONCE_BYTES = 12;

export interface Sealed {
  readonly nonce: Bytes;
  readonly bytes: Bytes;
}

/** Return 32 bytes as a key for `seal` and `unseal` alone. */
export async function sealingKey(bytes: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
}

/** Return bytes sealed under a fresh nonce; `about` has to be the same when they are opened. */
export async function seal(key: CryptoKey, bytes: Bytes, about: string): Promise<Sealed> {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  return { nonce, bytes: new Uint8Array(await crypto.subtle.encrypt(parameters(nonce, about), key, bytes)) };
}

/** Return what was sealed; null where the key is another, or the bytes were changed. */
export async function unseal(key: CryptoKey, { nonce, bytes }: Sealed, about: string): Promise<Bytes | null> {
  try {
    return new Uint8Array(await crypto.subtle.decrypt(parameters(nonce, about), key, bytes));
  } catch {
    return null;
  }
}

function parameters(nonce: Bytes, about: string): AesGcmParams {
  return { name: "AES-GCM", iv: nonce, additionalData: new TextEncoder().encode(about) };
}
