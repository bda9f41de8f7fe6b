# SPDX-License-Identifier: Apache-2.0
"""Feedback of partners that know fingerprints by value only, made into the same reports as everybody else's.

That shape gives reports no ids. So an id is worked out from what was said before: saying the same again is the same report, and a
decision that changed and changed back is three. A match after a withdrawal is a report of its own, once a minute: it should not happen.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from stillmine.exchange.ask.queries import first_matched
from stillmine.exchange.feedback.actions import submit_feedback
from stillmine.exchange.keys.seal import blind_index
from stillmine.exchange.partners.opaque import partner_ids
from stillmine.exchange.protection.drill_secrecy import drilled
from stillmine.exchange.protection.given import first_given
from stillmine.exchange.protection.queries import active_fingerprints_with
from stillmine.exchange.rows.feed import Change, PendingTombstone
from stillmine.exchange.rows.feedback import Report
from stillmine.exchange.rows.partners import Partner
from stillmine.exchange.transaction.context import Context, to_minute
from stillmine.wire.case import FingerprintState
from stillmine.wire.feedback import MAXIMUM_FEEDBACK_PER_MESSAGE, Feedback, NotRemovedReason, Outcome, SubmitFeedback
from stillmine.wire.stopncii import SIGNAL_TYPES, FeedbackValue

OUTCOMES: dict[FeedbackValue, tuple[Outcome, NotRemovedReason | None]] = {
    FeedbackValue.PENDING_REVIEW: (Outcome.FOUND, None),
    FeedbackValue.BLOCKED: (Outcome.REMOVED, None),
    FeedbackValue.NOT_BLOCKED: (Outcome.NOT_REMOVED, NotRemovedReason.NOT_AGAINST_RULES),
}
"""`NotBlocked` means reviewed without a finding: it must not count as somebody's word that a picture is not intimate."""


@dataclass(frozen=True)
class ValueReceipt:
    """Reports that were new and known, and how many values name nothing that this partner was given."""

    accepted: int
    repeated: int
    unknown: int


@dataclass(frozen=True)
class _Before:
    """What this partner decided before, and after what a match is a new one: the newest change, and a minute where that is no `active`."""

    decision: tuple[str, str | None] | None
    decision_id: int
    match_after: str


def submit_by_value(exchange: Context, partner: Partner, feedback: Sequence[tuple[str, FeedbackValue]]) -> ValueReceipt:
    """Store what was said of values that this partner was given; values of `OUTCOMES` only."""
    named = _given_with_values(exchange, partner, {value for value, _ in feedback})
    outcomes = [(fingerprint_id, OUTCOMES[feedback_value]) for value, feedback_value in feedback for fingerprint_id in named.get(value, ())]
    before = _decided_before(partner, {fingerprint_id for fingerprint_id, _ in outcomes}, to_minute(exchange.clock()))
    ids = partner_ids(exchange.secret, partner.random_id)
    entry_ids = ids.entry_ids([fingerprint_id for fingerprint_id, _ in outcomes])
    new = [
        Feedback(feedback_id=feedback_id, fingerprint_id=entry_id, outcome=outcome, reason=reason)
        for (fingerprint_id, (outcome, reason)), entry_id in zip(outcomes, entry_ids, strict=True)
        if (feedback_id := _feedback_id(fingerprint_id, outcome, reason, before[fingerprint_id]))
    ]
    accepted = 0
    for start in range(0, len(new), MAXIMUM_FEEDBACK_PER_MESSAGE):
        message = SubmitFeedback(version=1, feedback=new[start : start + MAXIMUM_FEEDBACK_PER_MESSAGE])
        accepted += submit_feedback(exchange, partner, message).accepted
    unknown = sum(value not in named for value, _ in feedback)
    return ValueReceipt(accepted=accepted, repeated=len(outcomes) - accepted, unknown=unknown)


def _given_with_values(exchange: Context, partner: Partner, values: Collection[str]) -> dict[str, list[str]]:
    """Return what this partner was given, by value: what is active, what ended and it is still told of, and its drills."""
    active = active_fingerprints_with(exchange, SIGNAL_TYPES, values)
    ids = [fingerprint_id for found in active.values() for fingerprint_id in found]
    given = first_given(Change.objects.filter(fingerprint_id__in=ids), partner=partner)
    known = given.keys() | first_matched(ids).keys()
    named: dict[str, list[str]] = {}
    for (_, value), found in active.items():
        if theirs := [fingerprint_id for fingerprint_id in found if (fingerprint_id, partner.id) in known]:
            named.setdefault(value, []).extend(theirs)
    by_index = {blind_index(exchange.secret, kind.value, value): value for kind in SIGNAL_TYPES for value in values}
    kept = PendingTombstone.objects.filter(partner=partner, blind_index__in=list(by_index))
    for index, fingerprint_id in kept.values_list("blind_index", "fingerprint_id"):
        named.setdefault(by_index[index], []).append(fingerprint_id)
    for value, fingerprint_id in drilled(partner, values):
        if fingerprint_id not in named.setdefault(value, []):
            named[value].append(fingerprint_id)
    return named


def _decided_before(partner: Partner, fingerprint_ids: Collection[str], now: datetime) -> dict[str, _Before]:
    newest = Change.objects.filter(fingerprint_id__in=fingerprint_ids, superseded_by=None)
    minute = f"minute {now:%Y%m%d%H%M}"
    decisions: dict[str, tuple[int, tuple[str, str | None]]] = {}
    reports = Report.objects.filter(partner=partner, fingerprint_id__in=fingerprint_ids).exclude(outcome=Outcome.FOUND).order_by("id")
    for report in reports:
        decisions[report.fingerprint_id] = (report.id, (report.outcome, report.reason))
    return {
        fingerprint_id: _Before(decision, decision_id, f"change {sequence}" if state == FingerprintState.ACTIVE else minute)
        for fingerprint_id, sequence, state in newest.values_list("fingerprint_id", "sequence", "state")
        for decision_id, decision in [decisions.get(fingerprint_id, (0, None))]
    }


def _feedback_id(fingerprint_id: str, outcome: Outcome, reason: NotRemovedReason | None, before: _Before) -> str | None:
    """Return the id of a report, or None where the last decision was the same."""
    if outcome is Outcome.FOUND:
        after = before.match_after
    elif before.decision == (outcome.value, reason.value if reason else None):
        return None
    else:
        after = f"report {before.decision_id}"
    text = "\0".join(("stillmine/stopncii-feedback/v1", fingerprint_id, outcome.value, reason.value if reason else "", after))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
