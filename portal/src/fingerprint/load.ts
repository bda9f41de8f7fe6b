// SPDX-License-Identifier: Apache-2.0
/* Fetches the engine's own parts, which stand beside the worker. Nothing else may be asked for, and nothing is said of the file. */

import { FileError } from "./problems";

const loading = new Map<string, Promise<ArrayBuffer>>();

/** Each address is fetched once, however many ask; one that failed is fetched again. Rejects with FileError. */
export function loadBytes(address: string): Promise<ArrayBuffer> {
  const known = loading.get(address);
  if (known) return known;
  const bytes = fetchBytes(address);
  loading.set(address, bytes);
  bytes.catch(() => loading.delete(address));
  return bytes;
}

async function fetchBytes(address: string): Promise<ArrayBuffer> {
  try {
    const answer = await fetch(address, { credentials: "omit", referrerPolicy: "no-referrer" });
    if (!answer.ok) throw new Error("not there");
    return await answer.arrayBuffer();
  } catch {
    throw new FileError("engine");
  }
}

/** Wait for a part that is loaded when a file needs it; rejects with FileError where it does not come. */
export async function part<Module>(loading: Promise<Module>): Promise<Module> {
  try {
    return await loading;
  } catch {
    throw new FileError("engine");
  }
}
