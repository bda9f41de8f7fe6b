// SPDX-License-Identifier: Apache-2.0
/*
 * The state of the public log at the last visit, on this device and only where the person switched that on.
 *
 * It is the same for everybody who looks at that time, so it says nothing of a case; that it is there says that this portal was used.
 */

import { fromHex, toHex } from "../bytes/bytes";
import { keepText, keptJson, keptText } from "../kept/kept_text";
import type { Checkpoint } from "./checkpoint";

const NAME = "stillmine.ledger";

/** A checkpoint and the day on which it was seen, `2026-11-25`. */
export interface Seen {
  readonly checkpoint: Checkpoint;
  readonly day: string;
}

/** Return what is remembered; null where nothing is, or where the browser keeps nothing. */
export function recall(): Seen | null {
  const kept = keptJson(NAME);
  if (
    typeof kept !== "object" ||
    kept === null ||
    !("origin" in kept && "size" in kept && "root" in kept && "day" in kept)
  )
    return null;
  const { origin, size, root, day } = kept;
  if (typeof origin !== "string" || typeof size !== "number" || typeof root !== "string" || typeof day !== "string")
    return null;
  return /^[0-9a-f]{64}$/.test(root) ? { checkpoint: { origin, size, root: fromHex(root) }, day } : null;
}

/** Whether anything is remembered, also what can't be read any more. */
export function isRemembered(): boolean {
  return keptText(NAME) !== null;
}

/** Remember it as seen today; false where the browser keeps nothing. */
export function remember({ origin, size, root }: Checkpoint, now: Date): boolean {
  const day = now.toISOString().slice(0, 10);
  return keepText(NAME, JSON.stringify({ origin, size, root: toHex(root), day }));
}

/** Forget it. */
export function forget(): void {
  keepText(NAME, null);
}
