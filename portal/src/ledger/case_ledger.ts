// SPDX-License-Identifier: Apache-2.0
/*
 * Checks what the public log says of a case: each entry's text, its fingerprints' commitments made anew from the case key, both paths,
 * the checkpoint's signature, that what the case page says was done has its entry, and that the log continues what was seen before.
 * Contract: spec/ledger.md. Nothing is believed that does not check.
 */

import type { CaseFingerprint, CaseLedger, LedgerEntry } from "../wire/types";
import { fromHex, utf8, type Bytes } from "../bytes/bytes";
import { openCheckpoint, type Checkpoint } from "./checkpoint";
import { commitment, ledgerSalt, readEntry, type Entry } from "./entry";
import { continues, includes, leafHash } from "./proofs";

/**
 * What does not add up: the signed state of the log, an entry, an entry that should be there; or since the last visit: another log's
 * name, a shorter log, another past.
 */
export type LedgerProblem = "checkpoint" | "entry" | "missing" | "other_log" | "shrunk" | "rewritten";

export class LedgerError extends Error {
  constructor(readonly problem: LedgerProblem) {
    super(problem);
  }
}

/** One entry about the case that was checked: what happened on which day (UTC), to which of its fingerprints, at which partner. */
export interface Told {
  readonly event: string;
  readonly day: string;
  readonly partner: string | null;
  readonly fingerprintIds: readonly string[];
}

export interface CheckedLedger {
  readonly checkpoint: Checkpoint;
  /** In the order of the log. */
  readonly told: readonly Told[];
}

/** Browsers answer small digests at once, so awaiting them gives the page no turn: it would stand still while a long log is checked. */
const LONGEST_STRETCH_MILLISECONDS = 40;

/** Return what the log says, checked; throws LedgerError. `authorization` is the case key's, `fingerprints` are those of the case page. */
export async function checkCaseLedger(ledger: CaseLedger, authorization: string, fingerprints: readonly CaseFingerprint[]): Promise<CheckedLedger> {
  const checkpoint = await openCheckpoint(ledger.checkpoint, ledger.key);
  if (checkpoint === null) throw new LedgerError("checkpoint");
  const salt = await ledgerSalt(fromHex(authorization.slice(authorization.lastIndexOf(".") + 1)));
  const leaves = new Map(await Promise.all(fingerprints.map(async ({ id }) => [id, await leafHash(await commitment(salt, id))] as const)));
  const told: Told[] = [];
  let lastPause = performance.now();
  for (const entry of ledger.entries) {
    told.push(await checkEntry(entry, checkpoint, leaves));
    if (performance.now() - lastPause < LONGEST_STRETCH_MILLISECONDS) continue;
    await new Promise((resolve) => setTimeout(resolve));
    lastPause = performance.now();
  }
  if (!isWhole(told, fingerprints)) throw new LedgerError("missing");
  return { checkpoint, told };
}

/** Check that the log goes on from a checkpoint seen before; throws LedgerError. */
export async function checkContinues(before: Checkpoint, now: Checkpoint, fetchProof: (from: number, to: number) => Promise<readonly string[]>): Promise<void> {
  if (before.origin !== now.origin) throw new LedgerError("other_log");
  if (before.size > now.size) throw new LedgerError("shrunk");
  const proof = before.size === now.size ? [] : await fetchProof(before.size, now.size);
  if (!(await continues(before.size, before.root, now.size, now.root, proof.map(fromHex)))) throw new LedgerError("rewritten");
}

async function checkEntry({ text, place, path, items }: LedgerEntry, { size, root }: Checkpoint, leaves: ReadonlyMap<string, Bytes>): Promise<Told> {
  const entry = readEntry(text);
  const isIn = entry !== null && (await includes(root, size, place, await leafHash(utf8(text)), path.map(fromHex)));
  if (!isIn || items.length === 0) throw new LedgerError("entry");
  for (const item of items) {
    const leaf = leaves.get(item.fingerprint_id);
    const names = leaf !== undefined && entry.root !== null && (await includes(entry.root, entry.items, item.place, leaf, item.path.map(fromHex)));
    if (!names) throw new LedgerError("entry");
  }
  return toldBy(entry, items.map((item) => item.fingerprint_id));
}

function toldBy({ event, day, partner }: Entry, fingerprintIds: readonly string[]): Told {
  return { event, day, partner, fingerprintIds };
}

/** Say whether what the case page says of giving and ending stands in the log too. */
function isWhole(told: readonly Told[], fingerprints: readonly CaseFingerprint[]): boolean {
  const known = new Set(told.flatMap(({ event, partner, fingerprintIds }) => fingerprintIds.map((id) => `${id} ${event} ${partner ?? ""}`)));
  return fingerprints.every(({ id, state, partners }) => {
    const isGiven = partners.every(({ partner, given_on }) => !given_on || known.has(`${id} disclosed ${partner}`));
    const isEnded = state !== "withdrawn" || known.has(`${id} withdrawn `) || known.has(`${id} expired `);
    return isGiven && isEnded;
  });
}
