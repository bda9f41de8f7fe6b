# SPDX-License-Identifier: Apache-2.0
"""What of partners' matches and reports calls an operator, and what suspends until one decides: spec/intake.md.

Runs inside the transaction of what caused it. Whoever holds the feed's lock is the only one to suspend, so nothing is suspended twice.
A count alone must never suspend: whoever uploads a picture often enough would end a person's protection.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.db.models import Q

from stillmine.exchange.protection.actions import restore, suspend
from stillmine.exchange.protection.flags import flag, looked_at, not_flagged_lately
from stillmine.exchange.protection.sequence import lock_head
from stillmine.exchange.protection.suspensions import newest_suspensions, restored_at, suspended_before
from stillmine.exchange.quarantine.found import Found, count_uploads, forget_old_uploads
from stillmine.exchange.rows.feedback import Report
from stillmine.exchange.rows.intake import Decision, FlagReason, MatchCount, Suspension
from stillmine.exchange.rows.partners import Partner
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import Transaction, tx
from stillmine.wire.case import FingerprintState, SuspensionReason
from stillmine.wire.feedback import NotRemovedReason, Outcome

COUNTS_TERM = timedelta(days=30)
DOUBTS = (NotRemovedReason.NOT_INTIMATE.value, NotRemovedReason.NOT_THE_SAME.value)
DOUBTING_PARTNERS = 2
DOUBTS_TERM = timedelta(hours=72)
"""So long reviewers of two partners may keep something from being matched, unless an operator decides; once for each fingerprint."""

_ENDED_AT_ONCE = 500

_log = logging.getLogger(__name__)


def note_matches(exchange: Context, transaction: Transaction, found: Found, partner: Partner) -> None:
    """Count uploads that matched when a partner asked; may flag fingerprints, under the feed's lock, so before the ledger's."""
    reached = count_uploads(transaction, found, partner, exchange.intake.found_a_day)
    called = not_flagged_lately(reached, transaction.now) if reached else []
    if called:
        removed = Report.objects.filter(fingerprint_id__in=called, outcome=Outcome.REMOVED).values_list("fingerprint_id", flat=True)
        flag(exchange, transaction, set(called) - set(removed), FlagReason.FOUND_TOO_OFTEN)


def note_feedback(exchange: Context, transaction: Transaction, partner: Partner, reports: Sequence[tuple[Report, str | None]]) -> None:
    """Weigh what a partner has just reported for the first time, with upload tokens; may flag or suspend, under the feed's lock."""
    found: dict[str, list[str | None]] = {}
    for report, token in reports:
        if report.outcome == Outcome.FOUND:
            found.setdefault(report.fingerprint_id, []).append(token)
    if found:
        note_matches(exchange, transaction, found, partner)
    doubted = {report.fingerprint_id for report, _ in reports if report.reason in DOUBTS and not report.is_beside}
    if doubted:
        _weigh_doubts(exchange, transaction, doubted)


def forget_old_match_counts(exchange: Context) -> int:
    """Delete tokens of earlier days and counts of more than 30 days ago; returns how many counts went."""
    with tx("intake.forget_old_match_counts", exchange.clock) as transaction:
        forget_old_uploads(transaction)
        _, deleted = MatchCount.objects.filter(day__lt=(transaction.now - COUNTS_TERM).date()).delete()
    return deleted.get(MatchCount._meta.label, 0)


def end_doubts(exchange: Context) -> int:
    """Match again what reviewers' doubts have suspended for 72 hours undecided, and flag it; returns how many.

    So too what an earlier version suspended by a count alone: nobody may be kept waiting for that.
    """
    with tx("intake.end_doubts", exchange.clock) as transaction:
        ahead = Suspension.objects.filter(reason=SuspensionReason.DOUBTED_BY_PARTNERS, decision=None, suspended_at__gt=transaction.now)
        ahead.update(suspended_at=transaction.now)  # by a clock that was ahead: the 72 hours begin now
        too_long = Q(reason=SuspensionReason.DOUBTED_BY_PARTNERS, suspended_at__lte=transaction.now - DOUBTS_TERM)
        due = newest_suspensions().filter(too_long | Q(reason=SuspensionReason.FOUND_TOO_OFTEN), decision=None)
        due = due.filter(fingerprint__state=FingerprintState.SUSPENDED).select_for_update(of=("self",))
        rows = due.order_by("id")[:_ENDED_AT_ONCE]
        reasons = dict(rows.values_list("fingerprint_id", "reason"))
        moved = restore(exchange, transaction, sorted(reasons), Decision.LAPSED)
        for reason in FlagReason:
            flag(exchange, transaction, [one for one in moved if reasons[one] == reason], reason)
    return len(moved)


def doubting_partners(fingerprint_ids: Iterable[str]) -> dict[str, set[int]]:
    """Return the partners whose latest decision doubts each fingerprint, of decisions since an operator last looked at it for that.

    Of what a partner named: whoever has a case near another's picture would else bring doubts of other uploads upon it.
    """
    ids = list(fingerprint_ids)
    since = restored_at(ids, SuspensionReason.DOUBTED_BY_PARTNERS)
    for fingerprint_id, at in looked_at(ids).items():
        since[fingerprint_id] = max(at, since.get(fingerprint_id, at))
    decisions = Report.objects.filter(fingerprint_id__in=ids, is_beside=False).exclude(outcome=Outcome.FOUND).order_by("id")
    latest: dict[tuple[str, int], str | None] = {}
    for fingerprint_id, partner_id, reason, at in decisions.values_list("fingerprint_id", "partner_id", "reason", "received_at"):
        if fingerprint_id not in since or at > since[fingerprint_id]:
            latest[fingerprint_id, partner_id] = reason
    doubting: dict[str, set[int]] = {}
    for (fingerprint_id, partner_id), reason in latest.items():
        if reason in DOUBTS:
            doubting.setdefault(fingerprint_id, set()).add(partner_id)
    return doubting


def _weigh_doubts(exchange: Context, transaction: Transaction, fingerprint_ids: Iterable[str]) -> None:
    """Suspend what two partners doubt, the first time; later times only an operator can, and is called."""
    lock_head(transaction)  # two partners who doubt at the same moment would else not see each other
    doubting = doubting_partners(fingerprint_ids)
    doubted = sorted(one for one, partners in doubting.items() if len(partners) >= DOUBTING_PARTNERS)
    before = suspended_before(doubted, SuspensionReason.DOUBTED_BY_PARTNERS)
    suspended = suspend(exchange, transaction, [one for one in doubted if one not in before], SuspensionReason.DOUBTED_BY_PARTNERS)
    if suspended:
        _log.warning(
            "two partners doubt %d fingerprint(s): not matched until an operator decides, for 72 hours at most. "
            "See: stillmine exchange quarantine list",
            len(suspended),
        )
    flag(exchange, transaction, sorted(before), FlagReason.DOUBTED_BY_PARTNERS)
