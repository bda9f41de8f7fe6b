# SPDX-License-Identifier: Apache-2.0
"""Do again, in a database that was just restored, what happened after its data were written: withdrawn, expired, brought back.

Nothing that was erased may become readable by it, and no case that is open in the keys' moment may stay closed. All of it needs the
restore's transaction.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import QuerySet

from stillmine.exchange.protection.expiry import end_case
from stillmine.exchange.protection.kept_cases import bring_back, erase_kept, kept_cases
from stillmine.exchange.protection.transitions import close_case, move_fingerprints
from stillmine.exchange.rows.cases import Case, ExpiredValue, Fingerprint
from stillmine.exchange.rows.keys import FingerprintDataKey
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import Transaction
from stillmine.wire.case import CaseState, FingerprintState


def bring_back_again(exchange: Context, transaction: Transaction, expired: Iterable[int]) -> None:
    """Erase what is kept without its data key, and open the cases again that are no longer expired."""
    erase_kept(transaction, list(ExpiredValue.objects.filter(fingerprint__data_key=None).values_list("fingerprint_id", flat=True)))
    for case in kept_cases().exclude(id__in=list(expired)).order_by("id"):
        bring_back(exchange, transaction, case)


def withdraw_again(exchange: Context, transaction: Transaction, ids: Sequence[str]) -> int:
    """Withdraw what the data still hold as active, or as kept."""
    erase_kept(transaction, ids)
    rows = list(Fingerprint.objects.filter(id__in=ids).exclude(state=FingerprintState.WITHDRAWN).order_by("case_id", "position"))
    with_key = set(_with_keys().filter(id__in={row.case_id for row in rows}).values_list("id", flat=True))
    rows = [row for row in rows if row.case_id in with_key]  # the others' cases are closed next
    if rows:
        move_fingerprints(exchange, transaction, rows, FingerprintState.WITHDRAWN)
    return len(rows)


def expire_again(exchange: Context, transaction: Transaction, expired: dict[int, datetime]) -> int:
    """End the cases that expired since; their 72 hours go on from when they did. Returns how many."""
    cases = list(_with_keys().filter(id__in=expired).order_by("id"))
    ended = [case for case in cases if case.state == CaseState.OPEN and _live(case).exists()]
    for case in ended:
        end_case(exchange, transaction, case, expired[case.id])
    for case in cases:
        Case.objects.filter(id=case.id, state=CaseState.EXPIRED).update(closed_at=expired[case.id])
    return len(ended)


def close_again(exchange: Context, transaction: Transaction) -> int:
    """Close each open case without any data key, or that holds nothing more: what it held later was added after the data were written.

    A fingerprint of another case that has no data key is withdrawn: nothing will ever open it.
    """
    without_keys = list(Case.objects.filter(state=CaseState.OPEN).exclude(id__in=_with_keys()).order_by("id"))
    for case in without_keys:
        rows = list(_live(case).order_by("position"))
        if rows:
            move_fingerprints(exchange, transaction, rows, FingerprintState.WITHDRAWN)
        close_case(transaction, case, CaseState.EXPIRED if case.expires_at <= transaction.now else CaseState.WITHDRAWN)
    lost = list(Fingerprint.objects.exclude(state=FingerprintState.WITHDRAWN).filter(data_key=None).order_by("case_id", "position"))
    if lost:
        move_fingerprints(exchange, transaction, lost, FingerprintState.WITHDRAWN)
    live = Fingerprint.objects.exclude(state=FingerprintState.WITHDRAWN)
    empty = list(Case.objects.filter(state=CaseState.OPEN).exclude(id__in=live.values("case_id")).order_by("id"))
    for case in empty:
        close_case(transaction, case, CaseState.WITHDRAWN)
    return len(without_keys) + len(empty)


def _live(case: Case) -> QuerySet[Fingerprint]:
    return Fingerprint.objects.filter(case=case).exclude(state=FingerprintState.WITHDRAWN)


def _with_keys() -> QuerySet[Case]:
    """Return the cases of which any data key is there."""
    return Case.objects.filter(id__in=FingerprintDataKey.objects.values("fingerprint__case"))
