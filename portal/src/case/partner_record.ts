// SPDX-License-Identifier: Apache-2.0
/*
 * What one partner did about one file, merged over the file's fingerprints. Pure.
 *
 * A copy of a video may be found by its pictures, its sound and its bytes at once, and the decision is about the copy. So
 * a find counts as undecided only where it is later than every decision.
 */

import type { CaseFingerprint, NotRemovedReason, PartnerStatus, VoteKind, VoteReason } from "../wire/types";

export interface Decision {
  readonly kind: "removed" | "not_removed";
  readonly at: string;
  readonly reason: NotRemovedReason | null;
}

export interface GivenVote {
  readonly kind: VoteKind;
  readonly at: string;
  readonly reason: VoteReason | null;
}

export interface PartnerRecord {
  readonly partner: string;
  /** When it was first given one of the fingerprints; null where it has none. */
  readonly givenAt: string | null;
  readonly givenCount: number;
  /** The latest of each kind, in order of time. */
  readonly decisions: readonly Decision[];
  /** How it votes on the fingerprints: the latest of each kind, in order of time. */
  readonly votes: readonly GivenVote[];
  /** A copy that it found and has not decided about. */
  readonly foundAt: string | null;
  /** When it had confirmed all that it was given and that is withdrawn; null where something is open. */
  readonly confirmedAt: string | null;
}

/** Return what each partner did about these fingerprints of one file, in the order in which they are named. */
export function partnerRecords(fingerprints: readonly CaseFingerprint[]): readonly PartnerRecord[] {
  const partners = [...new Set(fingerprints.flatMap((fingerprint) => fingerprint.partners.map((status) => status.partner)))];
  return partners.map((partner) => {
    const statuses = fingerprints.flatMap((fingerprint) => fingerprint.partners.filter((status) => status.partner === partner));
    return recordOf(partner, statuses);
  });
}

function recordOf(partner: string, statuses: readonly PartnerStatus[]): PartnerRecord {
  const given = statuses.flatMap((status) => status.given_at ?? []).sort(byTime);
  const decisions = decisionsOf(statuses);
  const reports = statuses.flatMap((status) => status.found_at ?? []).sort(byTime);
  const found = reports[reports.length - 1] ?? null;
  const isOpen = found !== null && decisions.every(({ at }) => byTime(found, at) > 0);
  const givenOnes = statuses.filter((status) => status.given_at);
  const confirmed = givenOnes.flatMap((status) => status.withdrawal_confirmed_at ?? []).sort(byTime);
  return {
    partner,
    givenAt: given[0] ?? null,
    givenCount: given.length,
    decisions,
    votes: votesOf(statuses),
    foundAt: isOpen ? found : null,
    confirmedAt: confirmed.length === givenOnes.length ? (confirmed[confirmed.length - 1] ?? null) : null,
  };
}

/** Of one fingerprint the later decision counts; of several, the latest of each kind. */
function decisionsOf(statuses: readonly PartnerStatus[]): readonly Decision[] {
  const own = statuses.flatMap((status) => decisionOf(status) ?? []).sort((one, other) => byTime(one.at, other.at));
  return (["removed", "not_removed"] as const)
    .flatMap((kind) => own.filter((decision) => decision.kind === kind).slice(-1))
    .sort((one, other) => byTime(one.at, other.at));
}

/** Fingerprints of one file are mostly voted on alike, and then one sentence says it. */
function votesOf(statuses: readonly PartnerStatus[]): readonly GivenVote[] {
  const own = statuses.flatMap(({ vote, voted_at, vote_reason }) => (vote && voted_at ? { kind: vote, at: voted_at, reason: vote_reason ?? null } : []));
  own.sort((one, other) => byTime(one.at, other.at));
  return (["agree", "disagree"] as const)
    .flatMap((kind) => own.filter((vote) => vote.kind === kind).slice(-1))
    .sort((one, other) => byTime(one.at, other.at));
}

function decisionOf({ removed_at, not_removed_at, not_removed_reason }: PartnerStatus): Decision | null {
  if (removed_at && (!not_removed_at || byTime(removed_at, not_removed_at) >= 0)) return { kind: "removed", at: removed_at, reason: null };
  return not_removed_at ? { kind: "not_removed", at: not_removed_at, reason: not_removed_reason ?? null } : null;
}

function byTime(one: string, other: string): number {
  return Date.parse(one) - Date.parse(other);
}
