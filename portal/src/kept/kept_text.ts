// SPDX-License-Identifier: Apache-2.0
/* A short text that this browser keeps for the portal under a name. Only for what the person may switch on: device/kept.ts lists all of it. */

/** Return what is kept under a name; null where nothing is, or where the browser keeps nothing. */
export function keptText(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/** Return what was kept as JSON, of any shape; null where nothing is, or what is there can't be read. */
export function keptJson(name: string): unknown {
  try {
    return JSON.parse(keptText(name) ?? "null");
  } catch {
    return null;
  }
}

/** Keep a text, or forget it with null; false where the browser keeps nothing. */
export function keepText(name: string, text: string | null): boolean {
  try {
    if (text === null) localStorage.removeItem(name);
    else localStorage.setItem(name, text);
    return true;
  } catch {
    return false;
  }
}
