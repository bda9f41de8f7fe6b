// SPDX-License-Identifier: Apache-2.0
/*
 * Reads a promise: that an entry will be in the published log by a time, in a note signed with the log's key. Contract: spec/ledger.md.
 *
 * It has its own first line and four lines, a checkpoint three, so neither can pass for the other.
 */

import { fromBase64, type Bytes } from "../bytes/bytes";
import { openNote } from "./signed_note";

const TITLE = "Stillmine ledger promise";
const MAXIMUM_PROMISE_BYTES = 1024;
const HASH_BYTES = 32;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;

/** The leaf with this hash is published by this time; `note` is the signed text. */
export interface Promised {
  readonly leaf: Bytes;
  readonly publishBy: Date;
  readonly note: string;
}

/** Return the promise in a note that the key signed, null for any other text. */
export async function openPromise(note: string, keyText: string): Promise<Promised | null> {
  const opened = await openNote(note, keyText, MAXIMUM_PROMISE_BYTES, 1);
  if (opened === null) return null;
  const [title, origin, encoded, time, end, ...more] = opened.body.split("\n");
  if (
    title !== TITLE ||
    origin !== opened.keyName ||
    encoded === undefined ||
    time === undefined ||
    end !== "" ||
    more.length > 0
  )
    return null;
  const [leaf, publishBy] = [fromBase64(encoded), readTime(time)];
  return leaf?.length === HASH_BYTES && publishBy !== null ? { leaf, publishBy, note } : null;
}

function readTime(text: string): Date | null {
  const moment = new Date(text);
  if (!TIME.test(text) || Number.isNaN(moment.getTime())) return null;
  return moment.toISOString() === text.replace("Z", ".000Z") ? moment : null;
}
