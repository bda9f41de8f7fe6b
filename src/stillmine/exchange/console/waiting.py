# SPDX-License-Identifier: Apache-2.0
"""What waits in quarantine, named by the number of its suspension: a page holds no fingerprint id, and no address does.

A number stands for one suspension. Once that was decided and the fingerprint was suspended anew, the old number opens nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from stillmine.exchange.feedback.votes import CurrentVote, current_votes
from stillmine.exchange.intake.models import Suspension
from stillmine.exchange.intake.queries import Evidence, Suspended, evidence, suspended
from stillmine.exchange.partners.models import Partner
from stillmine.wire.case import SuspensionReason
from stillmine.wire.errors import ConflictError, NotFoundError

REASONS: dict[SuspensionReason, str] = {
    SuspensionReason.NEGATIVE_BANK: "It is in the negative bank, or near something there.",
    SuspensionReason.FOUND_TOO_OFTEN: "Too many uploads matched it in one day.",
    SuspensionReason.DOUBTED_BY_PARTNERS: "Two partners say that it is not intimate, or not the same picture.",
    SuspensionReason.OPERATOR: "An operator suspended it.",
}


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
    groups = suspended(is_all)
    numbers = _newest([group.fingerprint_ids[0] for group in groups])
    return [_waiting(numbers[group.fingerprint_ids[0]], group) for group in groups]


def why(number: int) -> tuple[Waiting, Evidence]:
    """Return what one suspension is about and why it is; raises NotFoundError, or ConflictError where it is past."""
    found = evidence(fingerprint_of(number))
    return _waiting(number, found.suspended), found


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
    if _newest([row.fingerprint_id])[row.fingerprint_id] != number:
        raise ConflictError
    return row.fingerprint_id


def _newest(fingerprint_ids: list[str]) -> dict[str, int]:
    rows = Suspension.objects.filter(fingerprint_id__in=fingerprint_ids).values("fingerprint_id").annotate(newest=Max("id"))
    return dict(rows.values_list("fingerprint_id", "newest"))


def _waiting(number: int, group: Suspended) -> Waiting:
    return Waiting(number, group.kinds, REASONS[group.reason], group.suspended_at, group.decision)


def _vote_words(vote: CurrentVote) -> str:
    return f"{vote.vote}: {vote.reason}" if vote.reason else vote.vote.value
