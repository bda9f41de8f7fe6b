# SPDX-License-Identifier: Apache-2.0
"""Do again, in a database that was just restored, what happened after its data were written: withdrawn, expired, brought back.

Nothing that was erased may become readable by it, and no case that is open in the keys' moment may stay closed. All of it needs the
restore's transaction.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import QuerySet

from stillmine.exchange.protection.expiry import _end
from stillmine.exchange.protection.kept_cases import _bring_back, _erase_kept, kept_cases
from stillmine.exchange.protection.transitions import _close_case, _move_fingerprints
from stillmine.exchange.rows.cases import Case, ExpiredValue, Fingerprint
from stillmine.exchange.rows.keys import FingerprintDataKey
from stillmine.exchange.transaction.context import Context
from stillmine.wire.case import CaseState, FingerprintState


def _bring_back_again(exchange: Context, expired: Iterable[int], now: datetime) -> None:
    """Erase what is kept without its data key, and open the cases again that are no longer expired."""
    _erase_kept(list(ExpiredValue.objects.filter(fingerprint__data_key=None).values_list("fingerprint_id", flat=True)), now)
    for case in kept_cases().exclude(id__in=list(expired)).order_by("id"):
        _bring_back(exchange, case, now)


def _withdraw_again(exchange: Context, ids: Sequence[str], now: datetime) -> int:
    """Withdraw what the data still hold as active, or as kept."""
    _erase_kept(ids, now)
    rows = list(Fingerprint.objects.filter(id__in=ids).exclude(state=FingerprintState.WITHDRAWN).order_by("case_id", "position"))
    with_key = set(_with_keys().filter(id__in={row.case_id for row in rows}).values_list("id", flat=True))
    rows = [row for row in rows if row.case_id in with_key]  # the others' cases are closed next
    if rows:
        _move_fingerprints(exchange, rows, FingerprintState.WITHDRAWN, now)
    return len(rows)


def _expire_again(exchange: Context, expired: dict[int, datetime], now: datetime) -> int:
    """End the cases that expired since; their 72 hours go on from when they did. Returns how many."""
    cases = list(_with_keys().filter(id__in=expired).order_by("id"))
    ended = [case for case in cases if case.state == CaseState.OPEN and _live(case).exists()]
    for case in ended:
        _end(exchange, case, now, expired[case.id])
    for case in cases:
        Case.objects.filter(id=case.id, state=CaseState.EXPIRED).update(closed_at=expired[case.id])
    return len(ended)


def _close_again(exchange: Context, now: datetime) -> int:
    """Close each open case without any data key, or that holds nothing more: what it held later was added after the data were written.

    A fingerprint of another case that has no data key is withdrawn: nothing will ever open it.
    """
    without_keys = list(Case.objects.filter(state=CaseState.OPEN).exclude(id__in=_with_keys()).order_by("id"))
    for case in without_keys:
        rows = list(_live(case).order_by("position"))
        if rows:
            _move_fingerprints(exchange, rows, FingerprintState.WITHDRAWN, now)
        _close_case(case, CaseState.EXPIRED if case.expires_at <= now else CaseState.WITHDRAWN, now)
    lost = list(Fingerprint.objects.exclude(state=FingerprintState.WITHDRAWN).filter(data_key=None).order_by("case_id", "position"))
    if lost:
        _move_fingerprints(exchange, lost, FingerprintState.WITHDRAWN, now)
    live = Fingerprint.objects.exclude(state=FingerprintState.WITHDRAWN)
    empty = list(Case.objects.filter(state=CaseState.OPEN).exclude(id__in=live.values("case_id")).order_by("id"))
    for case in empty:
        _close_case(case, CaseState.WITHDRAWN, now)
    return len(without_keys) + len(empty)


def _live(case: Case) -> QuerySet[Fingerprint]:
    return Fingerprint.objects.filter(case=case).exclude(state=FingerprintState.WITHDRAWN)


def _with_keys() -> QuerySet[Case]:
    """Return the cases of which any data key is there."""
    return Case.objects.filter(id__in=FingerprintDataKey.objects.values("fingerprint__case"))
