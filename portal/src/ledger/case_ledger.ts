// SPDX-License-Identifier: Apache-2.0
/*
 * Checks what the public log says of a case: each entry's text, its fingerprints' commitments made anew from the case key, both paths,
 * the checkpoint's signature, the promises of what is not published yet, that what the case page says was done has its entry, and that
 * the log continues what was seen before.
 * Contract: spec/ledger.md. Nothing is believed that does not check.
 */

import type { CaseFingerprint, CaseLedger, LedgerEntry, LedgerItem, LedgerPromised } from "../wire/types";
import { areSame, fromHex, toHex, utf8, type Bytes } from "../bytes/bytes";
import { openCheckpoint, type Checkpoint } from "./checkpoint";
import { commitment, ledgerSalt, readEntry, type Entry } from "./entry";
import { openPromise, type Promised } from "./promise";
import { continues, includes, leafHash } from "./proofs";

/**
 * What does not add up: the signed state of the log, an entry, a promise, an entry that should be there, one that should be published by
 * now; or since the last visit: another log's name, a shorter log, another past.
 */
export type LedgerProblem =
  "checkpoint" | "entry" | "promise" | "missing" | "overdue" | "other_log" | "shrunk" | "rewritten";

export class LedgerError extends Error {
  /** `promised` are the promises that prove it. */
  constructor(
    readonly problem: LedgerProblem,
    readonly promised: readonly Promised[] = [],
  ) {
    super(problem);
  }
}

/** One entry about the case that was checked: what happened on which day (UTC), to which of its fingerprints, at which partner. */
export interface CheckedEntry {
  readonly event: string;
  readonly day: string;
  readonly partner: string | null;
  readonly fingerprintIds: readonly string[];
  /** By when it is in the public log; null where it is. */
  readonly publishBy: Date | null;
}

export interface CheckedLedger {
  readonly checkpoint: Checkpoint;
  /** In the order of recording. */
  readonly checkedEntries: readonly CheckedEntry[];
  readonly promised: readonly Promised[];
}

/** What the check is made with: the case key's authorization, the case page's fingerprints, the time, and promises seen before. */
export interface Known {
  readonly authorization: string;
  readonly fingerprints: readonly CaseFingerprint[];
  readonly now: Date;
  readonly seen: readonly Promised[];
}

/** Browsers answer small digests at once, so awaiting them gives the page no turn: it would stand still while a long log is checked. */
const LONGEST_STRETCH_MILLISECONDS = 40;

/** Return what the log says, checked; throws LedgerError. */
export async function checkCaseLedger(
  ledger: CaseLedger,
  { authorization, fingerprints, now, seen }: Known,
): Promise<CheckedLedger> {
  const checkpoint = await openCheckpoint(ledger.checkpoint, ledger.key);
  if (checkpoint === null) throw new LedgerError("checkpoint");
  const salt = await ledgerSalt(fromHex(authorization.slice(authorization.lastIndexOf(".") + 1)));
  const leaves = new Map(
    await Promise.all(fingerprints.map(async ({ id }) => [id, await leafHash(await commitment(salt, id))] as const)),
  );
  const checkedEntries: CheckedEntry[] = [];
  const promised: Promised[] = [];
  const pause = pauses();
  for (const entry of ledger.entries) {
    checkedEntries.push(await checkEntry(entry, checkpoint, leaves));
    await pause();
  }
  for (const entry of ledger.promised) {
    const [checkedEntry, promise] = await checkPromised(entry, ledger.key, leaves);
    checkedEntries.push(checkedEntry);
    promised.push(promise);
    await pause();
  }
  await checkKept(seen, promised, ledger.entries);
  const overdue = promised.filter(({ publishBy }) => publishBy < now);
  if (overdue.length > 0) throw new LedgerError("overdue", overdue);
  if (!isWhole(checkedEntries, fingerprints)) throw new LedgerError("missing");
  return { checkpoint, checkedEntries, promised };
}

/** Return what gives the page a turn where the last was too long ago. */
function pauses(): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < LONGEST_STRETCH_MILLISECONDS) return;
    await new Promise((resolve) => setTimeout(resolve));
    last = performance.now();
  };
}

/** What was promised before is published now, or promised for the same time: a later one would be no promise. */
async function checkKept(
  seen: readonly Promised[],
  promised: readonly Promised[],
  entries: readonly LedgerEntry[],
): Promise<void> {
  if (seen.length === 0) return;
  const published = new Set(await Promise.all(entries.map(async ({ text }) => toHex(await leafHash(utf8(text))))));
  const notes = new Set(promised.map(({ note }) => note));
  const broken = seen.filter(({ leaf, note }) => !published.has(toHex(leaf)) && !notes.has(note));
  if (broken.length > 0) throw new LedgerError("missing", broken);
}

/** Check that the log goes on from a checkpoint seen before; throws LedgerError. */
export async function checkContinues(
  before: Checkpoint,
  now: Checkpoint,
  fetchProof: (from: number, to: number) => Promise<readonly string[]>,
): Promise<void> {
  if (before.origin !== now.origin) throw new LedgerError("other_log");
  if (before.size > now.size) throw new LedgerError("shrunk");
  const proof = before.size === now.size ? [] : await fetchProof(before.size, now.size);
  if (!(await continues(before.size, before.root, now.size, now.root, proof.map(fromHex))))
    throw new LedgerError("rewritten");
}

async function checkEntry(
  { text, place, path, items }: LedgerEntry,
  { size, root }: Checkpoint,
  leaves: ReadonlyMap<string, Bytes>,
): Promise<CheckedEntry> {
  const entry = readEntry(text);
  const isIn = entry !== null && (await includes(root, size, place, await leafHash(utf8(text)), path.map(fromHex)));
  if (!isIn) throw new LedgerError("entry");
  return checkedEntryOf(entry, items, leaves, null);
}

async function checkPromised(
  { text, promise, items }: LedgerPromised,
  key: string,
  leaves: ReadonlyMap<string, Bytes>,
): Promise<readonly [CheckedEntry, Promised]> {
  const entry = readEntry(text);
  if (entry === null) throw new LedgerError("entry");
  const opened = await openPromise(promise, key);
  if (opened === null || !areSame(opened.leaf, await leafHash(utf8(text)))) throw new LedgerError("promise");
  return [await checkedEntryOf(entry, items, leaves, opened.publishBy), opened];
}

/** Return what an entry tells, once each fingerprint that it is said to name is proved to be named by it. */
async function checkedEntryOf(
  entry: Entry,
  items: readonly LedgerItem[],
  leaves: ReadonlyMap<string, Bytes>,
  publishBy: Date | null,
): Promise<CheckedEntry> {
  if (items.length === 0) throw new LedgerError("entry");
  for (const item of items) {
    const leaf = leaves.get(item.fingerprint_id);
    const names =
      leaf !== undefined &&
      entry.root !== null &&
      (await includes(entry.root, entry.items, item.place, leaf, item.path.map(fromHex)));
    if (!names) throw new LedgerError("entry");
  }
  const { event, day, partner } = entry;
  return { event, day, partner, fingerprintIds: items.map((item) => item.fingerprint_id), publishBy };
}

/** Say whether what the case page says of giving and ending stands in the log too. */
function isWhole(checkedEntries: readonly CheckedEntry[], fingerprints: readonly CaseFingerprint[]): boolean {
  const known = new Set(
    checkedEntries.flatMap(({ event, partner, fingerprintIds }) =>
      fingerprintIds.map((id) => `${id} ${event} ${partner ?? ""}`),
    ),
  );
  return fingerprints.every(({ id, state, partners }) => {
    const isGiven = partners.every(({ partner, given_on }) => !given_on || known.has(`${id} disclosed ${partner}`));
    const isEnded = state !== "withdrawn" || known.has(`${id} withdrawn `) || known.has(`${id} expired `);
    return isGiven && isEnded;
  });
}
