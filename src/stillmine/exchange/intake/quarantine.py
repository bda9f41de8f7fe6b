# SPDX-License-Identifier: Apache-2.0
"""Suspends a fingerprint by itself when it is found too often or partners doubt it: spec/intake.md.

Runs inside the transaction of what caused it. Whoever holds the feed's lock is the only one to suspend, so nothing is suspended twice.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import F, Sum

from stillmine.exchange.cases.actions import _suspend
from stillmine.exchange.context import Context
from stillmine.exchange.feed.sequence import _lock_head
from stillmine.exchange.feedback.models import Report
from stillmine.exchange.intake.models import MatchCount
from stillmine.exchange.intake.suspensions import restored_at
from stillmine.exchange.partners.models import Partner
from stillmine.exchange.tx import tx
from stillmine.wire.case import SuspensionReason
from stillmine.wire.feedback import NotRemovedReason, Outcome

PEACE_AFTER_RESTORING = timedelta(days=7)
"""An operator has just looked: found often again is not looked at anew before."""

COUNTS_TERM = timedelta(days=30)
DOUBTS = (NotRemovedReason.NOT_INTIMATE.value, NotRemovedReason.NOT_THE_SAME.value)
DOUBTING_PARTNERS = 2


def _note_matches(exchange: Context, uploads: dict[str, int], partner: Partner, now: datetime) -> None:
    """Count uploads that matched when a partner asked; may suspend fingerprints, under the feed's lock, so before the ledger's."""
    _count(uploads, partner, now)
    _suspend_found_too_often(exchange, list(uploads), now)


def _note_feedback(exchange: Context, partner: Partner, reports: Sequence[Report], now: datetime) -> None:
    """Weigh what a partner has just reported for the first time; may suspend fingerprints, under the feed's lock."""
    found = Counter(report.fingerprint_id for report in reports if report.outcome == Outcome.FOUND)
    if found:
        _count(found, partner, now)
        _suspend_found_too_often(exchange, list(found), now)
    doubted = {report.fingerprint_id for report in reports if report.reason in DOUBTS}
    if doubted:
        _suspend_doubted(exchange, doubted, now)


def forget_old_match_counts(exchange: Context) -> int:
    """Delete counts of more than 30 days ago; returns how many rows went."""
    with tx("intake.forget_old_match_counts", exchange.clock) as now:
        deleted, _ = MatchCount.objects.filter(day__lt=(now - COUNTS_TERM).date()).delete()
    return deleted


def doubting_partners(fingerprint_ids: Iterable[str]) -> dict[str, set[int]]:
    """Return the partners whose latest decision doubts each fingerprint, of decisions since an operator last restored it for that."""
    ids = list(fingerprint_ids)
    since = restored_at(ids, SuspensionReason.DOUBTED_BY_PARTNERS)
    decisions = Report.objects.filter(fingerprint_id__in=ids).exclude(outcome=Outcome.FOUND).order_by("id")
    latest: dict[tuple[str, int], str | None] = {}
    for fingerprint_id, partner_id, reason, at in decisions.values_list("fingerprint_id", "partner_id", "reason", "received_at"):
        if fingerprint_id not in since or at > since[fingerprint_id]:
            latest[fingerprint_id, partner_id] = reason
    doubting: dict[str, set[int]] = {}
    for (fingerprint_id, partner_id), reason in latest.items():
        if reason in DOUBTS:
            doubting.setdefault(fingerprint_id, set()).add(partner_id)
    return doubting


def _count(uploads: dict[str, int], partner: Partner, now: datetime) -> None:
    """In the order of ids, so that two partners who report the same ones wait for each other and no more."""
    for fingerprint_id, added in sorted(uploads.items()):
        row = MatchCount(fingerprint_id=fingerprint_id, partner=partner, day=now.date())
        MatchCount.objects.bulk_create([row], ignore_conflicts=True)
        same = MatchCount.objects.filter(fingerprint_id=fingerprint_id, partner=partner, day=now.date())
        same.update(uploads=F("uploads") + added)


def _suspend_found_too_often(exchange: Context, fingerprint_ids: list[str], now: datetime) -> None:
    maximum = exchange.intake.found_a_day
    rows = MatchCount.objects.filter(fingerprint_id__in=fingerprint_ids, day=now.date()).values("fingerprint_id")
    too_often = set(rows.annotate(total=Sum("uploads")).filter(total__gt=maximum).values_list("fingerprint_id", flat=True))
    if not too_often or maximum == 0:
        return
    restored = restored_at(too_often, SuspensionReason.FOUND_TOO_OFTEN)
    trusted = {fingerprint_id for fingerprint_id, at in restored.items() if now - at < PEACE_AFTER_RESTORING}
    trusted |= set(Report.objects.filter(fingerprint_id__in=too_often, outcome=Outcome.REMOVED).values_list("fingerprint_id", flat=True))
    _suspend(exchange, sorted(too_often - trusted), SuspensionReason.FOUND_TOO_OFTEN, now)


def _suspend_doubted(exchange: Context, fingerprint_ids: Iterable[str], now: datetime) -> None:
    _lock_head()  # two partners who doubt at the same moment would else not see each other
    doubting = doubting_partners(fingerprint_ids)
    doubted = [fingerprint_id for fingerprint_id, partners in doubting.items() if len(partners) >= DOUBTING_PARTNERS]
    _suspend(exchange, sorted(doubted), SuspensionReason.DOUBTED_BY_PARTNERS, now)
