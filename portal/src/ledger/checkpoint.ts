// SPDX-License-Identifier: Apache-2.0
/*
 * Reads a checkpoint: how long the log is and what its root is, in a signed note (C2SP tlog-checkpoint). Contract: spec/ledger.md.
 *
 * Reading is exact, as in `stillmine.ledger`: what is not byte for byte such a text is refused.
 */

import { fromBase64, type Bytes } from "../bytes/bytes";
import { isName, openNote } from "./signed_note";

const MAXIMUM_NOTE_BYTES = 16 * 1024;
const MAXIMUM_SIGNATURES = 16;
const MAXIMUM_SIZE_DIGITS = 18;

/** The first `size` entries of the log `origin` have this root. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Bytes;
}

/** Return the checkpoint in a note that the key signed, null for any other text. */
export async function openCheckpoint(note: string, keyText: string): Promise<Checkpoint | null> {
  const opened = await openNote(note, keyText, MAXIMUM_NOTE_BYTES, MAXIMUM_SIGNATURES);
  const checkpoint = opened === null ? null : readBody(opened.body);
  return checkpoint !== null && checkpoint.origin === opened?.keyName ? checkpoint : null;
}

function readBody(body: string): Checkpoint | null {
  const [origin, size, encoded, end, ...more] = body.split("\n");
  if (origin === undefined || size === undefined || encoded === undefined || end !== "" || more.length > 0) return null;
  const root = fromBase64(encoded);
  const isNumber =
    /^(0|[1-9][0-9]*)$/.test(size) && size.length <= MAXIMUM_SIZE_DIGITS && Number.isSafeInteger(Number(size));
  return isName(origin) && isNumber && root?.length === 32 ? { origin, size: Number(size), root } : null;
}
