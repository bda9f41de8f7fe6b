# SPDX-License-Identifier: Apache-2.0
"""Votes of partners on fingerprints: take them, and say how each partner votes now.

A vote never changes a fingerprint by itself; who acts on several of them asks `current_votes`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from stillmine.exchange.feedback.named import hold_named, receipt_for
from stillmine.exchange.rows.feedback import Vote
from stillmine.exchange.rows.partners import Partner
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import tx
from stillmine.wire.feedback import FeedbackReceipt
from stillmine.wire.vote import SubmitVotes, VoteKind, VoteReason


@dataclass(frozen=True)
class CurrentVote:
    """How one partner votes on one fingerprint now."""

    vote: VoteKind
    reason: VoteReason | None
    voted_at: datetime


def submit_votes(exchange: Context, partner: Partner, message: SubmitVotes) -> FeedbackReceipt:
    """Store the votes that name a fingerprint and are new; returns how many were, and the ids that name none."""
    sent = {vote.vote_id: vote for vote in reversed(message.votes)}
    entry_ids = [vote.fingerprint_id for vote in message.votes]
    with tx("feedback.submit_votes", exchange.clock) as transaction:
        named = hold_named(exchange, transaction, partner, entry_ids)
        known = set(Vote.objects.filter(partner=partner, vote_id__in=list(sent)).values_list("vote_id", flat=True))
        new = [row for row in reversed(sent.values()) if row.fingerprint_id in named and row.vote_id not in known]
        Vote.objects.bulk_create(
            Vote(
                partner=partner,
                vote_id=row.vote_id,
                fingerprint_id=named[row.fingerprint_id],
                vote=row.vote.value,
                reason=row.reason.value if row.reason else None,
                received_at=transaction.now,
            )
            for row in new
        )
    return receipt_for(entry_ids, named, len(new))


def current_votes(fingerprint_ids: Sequence[str]) -> dict[tuple[str, int], CurrentVote]:
    """Return how partners vote on these fingerprints: (fingerprint id, partner id) -> the latest vote."""
    rows = Vote.objects.filter(fingerprint_id__in=fingerprint_ids).order_by("id")
    return {
        (row.fingerprint_id, row.partner_id): CurrentVote(
            VoteKind(row.vote), VoteReason(row.reason) if row.reason else None, row.received_at
        )
        for row in rows
    }
