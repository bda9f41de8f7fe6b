# SPDX-License-Identifier: Apache-2.0
"""How long decisions and confirmations take, one row per value, and the quantiles that may be said of them.

What was never confirmed is a value too, longer than all others: leaving it out would make silence look fast.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Min

from stillmine.exchange.protection.given import first_given
from stillmine.exchange.rows.cases import Fingerprint
from stillmine.exchange.rows.feed import Acknowledgement, Change, Shape
from stillmine.exchange.rows.feedback import Report
from stillmine.exchange.rows.statistics import Duration
from stillmine.exchange.statistics.series import first_decisions
from stillmine.exchange.submissions.queries import keyless_cases
from stillmine.wire.case import FingerprintState
from stillmine.wire.feedback import Outcome
from stillmine.wire.statistics import STEP

DECISION = "decision"
CONFIRMATION = "confirmation"
CONFIRMATION_TERM = timedelta(days=7)

QUANTILES = {"decision_median": (DECISION, 50), "confirmation_median": (CONFIRMATION, 50), "confirmation_95": (CONFIRMATION, 95)}
"""Name of a series of times -> what is timed, and which percentile."""

_AT_ONCE = 500

Withdrawal = tuple[int, datetime, int]
"""Case, minute, partner."""


def decisions_between(after: datetime, until: datetime) -> list[Duration]:
    """Return the time from `found` to the first decision, for first decisions in these days."""
    rows = first_decisions().filter(received_at__gte=after, received_at__lt=until)
    decided = {
        (partner, fingerprint): (case, at)
        for partner, fingerprint, case, at in rows.values_list("partner_id", "fingerprint_id", "fingerprint__case_id", "received_at")
    }
    found = _first_found({fingerprint for _, fingerprint in decided})
    return [
        Duration(what=DECISION, case_id=case, minutes=_minutes(at - found[pair]), until=until)
        for pair, (case, at) in decided.items()
        if pair in found and found[pair] <= at
    ]


def confirmations_between(after: datetime, until: datetime) -> list[Duration]:
    """Return the time from a withdrawal to each partner's confirmation, for withdrawals whose seventh day ended in these days."""
    erased = Fingerprint.objects.filter(withdrawn_at__gte=after - CONFIRMATION_TERM, withdrawn_at__lt=until - CONFIRMATION_TERM)
    erased = erased.exclude(case_id__in=keyless_cases())
    withdrawn = {pk: (case, at) for pk, case, at in erased.values_list("id", "case_id", "withdrawn_at") if at is not None}
    told: dict[Withdrawal, int] = {}
    for ids in _chunks(sorted(withdrawn)):
        changes = list(Change.objects.filter(fingerprint_id__in=ids).order_by("sequence"))
        tombstones = {change.fingerprint_id: change.sequence for change in changes if change.state == FingerprintState.WITHDRAWN}
        for fingerprint_id, partner_id in {**first_given(changes, Shape.NATIVE), **first_given(changes, Shape.SNAPSHOT)}:
            case, at = withdrawn[fingerprint_id]
            told[case, at, partner_id] = max(tombstones[fingerprint_id], told.get((case, at, partner_id), 0))
    acknowledged = _acknowledgements({partner for _, _, partner in told}, min(told.values(), default=0), until)
    return [
        Duration(what=CONFIRMATION, case_id=case, minutes=_confirmed_after(acknowledged[partner], tombstone, at), until=until)
        for (case, at, partner), tombstone in told.items()
    ]


def quantile(what: str, percent: int) -> int | None:
    """Return a quantile of all values, rounded up to two significant digits; None where the rule forbids to say it."""
    rows = Duration.objects.filter(what=what)
    count = rows.count()
    place = count * percent // 100
    if count * min(percent, 100 - percent) < STEP * 100 or rows.values("case_id").distinct().count() < STEP:
        return None
    timed = list(rows.filter(minutes__isnull=False).order_by("minutes").values_list("minutes", flat=True)[place : place + 1])
    return _rounded_up(timed[0]) if timed and timed[0] is not None else None


def _first_found(fingerprint_ids: Iterable[str]) -> dict[tuple[int, str], datetime]:
    found: dict[tuple[int, str], datetime] = {}
    for ids in _chunks(sorted(fingerprint_ids)):
        rows = Report.objects.filter(fingerprint_id__in=ids, outcome=Outcome.FOUND.value).order_by()
        for partner, fingerprint, at in (
            rows.values("partner_id", "fingerprint_id").annotate(at=Min("received_at")).values_list("partner_id", "fingerprint_id", "at")
        ):
            found[partner, fingerprint] = at
    return found


def _acknowledgements(partners: Iterable[int], first: int, until: datetime) -> dict[int, list[tuple[int, datetime]]]:
    """Return what these partners acknowledged from number `first` on, in order."""
    rows = Acknowledgement.objects.filter(partner_id__in=list(partners), sequence__gte=first, minute__lt=until).order_by("sequence")
    found: dict[int, list[tuple[int, datetime]]] = defaultdict(list)
    for partner, sequence, minute in rows.values_list("partner_id", "sequence", "minute"):
        found[partner].append((sequence, minute))
    return found


def _confirmed_after(acknowledged: list[tuple[int, datetime]], tombstone: int, withdrawn_at: datetime) -> int | None:
    place = bisect_left(acknowledged, tombstone, key=lambda row: row[0])
    if place == len(acknowledged) or acknowledged[place][1] - withdrawn_at > CONFIRMATION_TERM:
        return None
    return _minutes(acknowledged[place][1] - withdrawn_at)


def _minutes(length: timedelta) -> int:
    return max(0, int(length.total_seconds()) // 60)


def _rounded_up(minutes: int) -> int:
    unit: int = 10 ** max(0, len(str(minutes)) - 2)
    return -(-minutes // unit) * unit


def _chunks(ids: list[str]) -> Iterable[list[str]]:
    return (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))
