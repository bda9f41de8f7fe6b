// SPDX-License-Identifier: Apache-2.0
/*
 * What one partner did about one file, merged over the file's fingerprints. Pure.
 *
 * A copy of a video may be found by its pictures, its sound and its bytes at once, and the decision is about the copy. So
 * a find counts as undecided only where its day is later than that of every decision.
 */

import type { CaseFingerprint, NotRemovedReason, PartnerStatus, VoteKind, VoteReason } from "../wire/types";

export interface Decision {
  readonly kind: "removed" | "not_removed";
  /** A day, as the exchange writes it. */
  readonly on: string;
  readonly reason: NotRemovedReason | null;
}

export interface GivenVote {
  readonly kind: VoteKind;
  /** A day, as the exchange writes it. */
  readonly on: string;
  readonly reason: VoteReason | null;
}

export interface PartnerRecord {
  readonly partner: string;
  /** The day on which it was first given one of the fingerprints; null where it has none. */
  readonly givenOn: string | null;
  readonly givenCount: number;
  /** The latest of each kind, in order of days. */
  readonly decisions: readonly Decision[];
  /** How it votes on the fingerprints: the latest of each kind, in order of days. */
  readonly votes: readonly GivenVote[];
  /** The day on which it found a copy that it has not decided about. */
  readonly foundOn: string | null;
  /** The day on which something looked like a part of the file, where nothing was found and it has not decided since. */
  readonly partOn: string | null;
  /** When it had confirmed all that it was given and that is withdrawn; null where something is open. */
  readonly confirmedAt: string | null;
}

/** Return what each partner did about these fingerprints of one file, in the order in which they are named. */
export function partnerRecords(fingerprints: readonly CaseFingerprint[]): readonly PartnerRecord[] {
  const partners = [
    ...new Set(fingerprints.flatMap((fingerprint) => fingerprint.partners.map((status) => status.partner))),
  ];
  return partners.map((partner) => {
    const statuses = fingerprints.flatMap((fingerprint) =>
      fingerprint.partners.filter((status) => status.partner === partner),
    );
    return recordOf(partner, statuses);
  });
}

function recordOf(partner: string, statuses: readonly PartnerStatus[]): PartnerRecord {
  const given = statuses.flatMap((status) => status.given_on ?? []).sort(byTime);
  const decisions = decisionsOf(statuses);
  const foundOn = lastOpen(
    statuses.flatMap((status) => status.found_on ?? []),
    decisions,
  );
  const partOn = lastOpen(
    statuses.flatMap((status) => status.part_on ?? []),
    decisions,
  );
  const delivered = statuses.filter((status) => status.given_on);
  const confirmed = delivered.flatMap((status) => status.withdrawal_confirmed_at ?? []).sort(byTime);
  return {
    partner,
    givenOn: given[0] ?? null,
    givenCount: given.length,
    decisions,
    votes: votesOf(statuses),
    foundOn,
    partOn: foundOn === null ? partOn : null,
    confirmedAt: confirmed.length === delivered.length ? (confirmed[confirmed.length - 1] ?? null) : null,
  };
}

/** Return the last of these days, if it is later than every decision. */
function lastOpen(days: readonly string[], decisions: readonly Decision[]): string | null {
  const last = [...days].sort(byTime).pop() ?? null;
  return last !== null && decisions.every(({ on }) => byTime(last, on) > 0) ? last : null;
}

/** Of one fingerprint the later decision counts; of several, the latest of each kind. */
function decisionsOf(statuses: readonly PartnerStatus[]): readonly Decision[] {
  const sorted = statuses.flatMap((status) => decisionOf(status) ?? []).sort((one, other) => byTime(one.on, other.on));
  return (["removed", "not_removed"] as const)
    .flatMap((kind) => sorted.filter((decision) => decision.kind === kind).slice(-1))
    .sort((one, other) => byTime(one.on, other.on));
}

/** Fingerprints of one file are mostly voted on alike, and then one sentence says it. */
function votesOf(statuses: readonly PartnerStatus[]): readonly GivenVote[] {
  const sorted = statuses.flatMap(({ vote, voted_on, vote_reason }) =>
    vote && voted_on ? { kind: vote, on: voted_on, reason: vote_reason ?? null } : [],
  );
  sorted.sort((one, other) => byTime(one.on, other.on));
  return (["agree", "disagree"] as const)
    .flatMap((kind) => sorted.filter((vote) => vote.kind === kind).slice(-1))
    .sort((one, other) => byTime(one.on, other.on));
}

function decisionOf({ removed_on, not_removed_on, not_removed_reason }: PartnerStatus): Decision | null {
  if (removed_on && (!not_removed_on || byTime(removed_on, not_removed_on) >= 0))
    return { kind: "removed", on: removed_on, reason: null };
  return not_removed_on ? { kind: "not_removed", on: not_removed_on, reason: not_removed_reason ?? null } : null;
}

function byTime(one: string, other: string): number {
  return Date.parse(one) - Date.parse(other);
}
