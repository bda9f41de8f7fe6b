# SPDX-License-Identifier: Apache-2.0
"""What waits in quarantine or is flagged, named by the number of suspension or flag: no page and no address holds a fingerprint id.

A number stands for one suspension. Once that was decided and the fingerprint was suspended again, the old number opens nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from stillmine.exchange.feedback.votes import CurrentVote, current_votes
from stillmine.exchange.quarantine.queries import (
    Evidence,
    Flagged,
    Statements,
    Suspended,
    evidence,
    flagged,
    flagged_with,
    statements_of,
    suspended,
)
from stillmine.exchange.rows.intake import Flag, FlagReason, Suspension
from stillmine.exchange.rows.partners import Partner
from stillmine.wire.case import SuspensionReason
from stillmine.wire.errors import ConflictError, NotFoundError

REASONS: dict[SuspensionReason, str] = {
    SuspensionReason.NEGATIVE_BANK: "It is in the negative bank, or near something there.",
    SuspensionReason.FOUND_TOO_OFTEN: "Too many uploads matched it in one day. An earlier version suspended for that.",
    SuspensionReason.DOUBTED_BY_PARTNERS: "Two partners say that it is not intimate, or not the same picture.",
    SuspensionReason.OPERATOR: "An operator suspended it.",
}


FLAG_REASONS: dict[FlagReason, str] = {
    FlagReason.FOUND_TOO_OFTEN: "Far more uploads than usual matched it in one day, at two partners or more.",
    FlagReason.DOUBTED_BY_PARTNERS: "Two partners say that it is not intimate, or not the same picture. Doubts have suspended it before.",
}


@dataclass(frozen=True)
class FlaggedItem:
    """What of one file is flagged for one reason."""

    number: int
    kinds: list[str]
    reason: str
    flagged_at: datetime


@dataclass(frozen=True)
class Waiting:
    """What of one file is suspended for one reason."""

    number: int
    kinds: list[str]
    reason: str
    suspended_at: datetime
    decision: str | None


def waiting(is_all: bool) -> list[Waiting]:
    """Return what waits for a decision, or everything that is suspended; the oldest first."""
    return [_waiting(group) for group in suspended(is_all)]


def why(number: int) -> tuple[Waiting, Evidence]:
    """Return what one suspension is about and why it is; raises NotFoundError, or ConflictError where it is past."""
    found = evidence(fingerprint_of(number))
    return _waiting(found.suspended), found


def votes_on(fingerprint_ids: list[str]) -> list[tuple[str, str]]:
    """Return how partners vote on what is suspended together, by name: each different vote once."""
    names = dict(Partner.objects.values_list("id", "name"))
    rows = {(names[partner_id], _vote_words(vote)) for (_, partner_id), vote in current_votes(fingerprint_ids).items()}
    return sorted(rows)


def fingerprint_of(number: int) -> str:
    """Return which fingerprint a suspension is of; raises NotFoundError, or ConflictError where a newer one took its place."""
    row = Suspension.objects.filter(id=number).first()
    if row is None:
        raise NotFoundError
    if Suspension.objects.filter(fingerprint_id=row.fingerprint_id, id__gt=number).exists():
        raise ConflictError
    return row.fingerprint_id


def flagged_items() -> list[FlaggedItem]:
    """Return what is flagged and matched, the oldest first."""
    return [_flagged_item(group) for group in flagged()]


def why_flagged(number: int) -> tuple[FlaggedItem, Statements, list[str]]:
    """Return what one flag is about, what partners said, and the fingerprints; raises NotFoundError, or ConflictError where it is past."""
    group = flagged_with(flagged_fingerprint(number))
    return _flagged_item(group), statements_of(group.fingerprint_ids), group.fingerprint_ids


def flagged_fingerprint(number: int) -> str:
    """Return which fingerprint a flag is of; raises NotFoundError, or ConflictError where it was decided."""
    row = Flag.objects.filter(id=number).first()
    if row is None:
        raise NotFoundError
    if row.decision is not None:
        raise ConflictError
    return row.fingerprint_id


def _flagged_item(group: Flagged) -> FlaggedItem:
    return FlaggedItem(group.number, group.kinds, FLAG_REASONS[group.reason], group.flagged_at)


def _waiting(group: Suspended) -> Waiting:
    return Waiting(group.number, group.kinds, REASONS[group.reason], group.suspended_at, group.decision)


def _vote_words(vote: CurrentVote) -> str:
    return f"{vote.vote}: {vote.reason}" if vote.reason else vote.vote.value
