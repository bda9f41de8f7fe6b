# SPDX-License-Identifier: Apache-2.0
"""What is kept of an expired case for 72 hours, so that an end by mistake can be undone: sealed as it was, and opened by nothing.

The person can erase it at any time, a partner what it handed in. Nothing a person withdrew may ever be here.
"""

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import QuerySet

from stillmine.exchange.protection.entries import record_of
from stillmine.exchange.protection.sequence import lock_head
from stillmine.exchange.protection.transitions import close_case, return_case, return_fingerprints
from stillmine.exchange.rows.cases import Case, ExpiredValue, Fingerprint
from stillmine.exchange.rows.keys import FingerprintDataKey
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import Transaction
from stillmine.ledger.entry import EventName
from stillmine.wire.case import CaseState

KEPT_FOR = timedelta(hours=72)

RETURNED_FOR = timedelta(days=30)
"""A case that was brought back is open for so long at least, so that the person can renew it."""


def kept_ids(case: Case) -> set[str]:
    """Return the fingerprints of a case that are kept."""
    return set(ExpiredValue.objects.filter(fingerprint__case=case).values_list("fingerprint_id", flat=True))


def kept_cases() -> QuerySet[Case]:
    """Return the expired cases of which anything is kept."""
    return Case.objects.filter(state=CaseState.EXPIRED.value, id__in=ExpiredValue.objects.values("fingerprint__case"))


def keep_of_expired(transaction: Transaction, rows: Sequence[Fingerprint]) -> None:
    """Copy what the end of the term erases from these rows. Needs the feed's lock, under which no state changes."""
    transaction.require_open()
    ExpiredValue.objects.bulk_create(
        ExpiredValue(
            fingerprint=row,
            state_before=row.state,
            sealed_value=row.sealed_value,
            blind_index=row.blind_index or "",
            value_bytes=row.value_bytes,
            quality=row.quality or 0,
            is_synthetic=row.is_synthetic,
        )
        for row in rows
    )


def erase_kept(transaction: Transaction, fingerprint_ids: Sequence[str]) -> list[int]:
    """Erase what is kept of these, and their data keys; returns the cases of which nothing is kept any more."""
    kept = ExpiredValue.objects.filter(fingerprint_id__in=list(fingerprint_ids))
    cases = set(kept.values_list("fingerprint__case_id", flat=True))
    ids = list(kept.values_list("fingerprint_id", flat=True))
    Fingerprint.objects.filter(id__in=ids).update(erased_at=transaction.now)
    FingerprintDataKey.objects.filter(fingerprint__in=ids).delete()
    kept.delete()
    emptied = cases - set(ExpiredValue.objects.filter(fingerprint__case__in=cases).values_list("fingerprint__case_id", flat=True))
    return sorted(emptied)


def withdraw_kept(exchange: Context, transaction: Transaction, fingerprint_ids: Sequence[str]) -> None:
    """Erase what is kept of these because whoever they are of says so, and say it in the log; their cases are then withdrawn."""
    kept = sorted(ExpiredValue.objects.filter(fingerprint_id__in=list(fingerprint_ids)).values_list("fingerprint_id", flat=True))
    if not kept:
        return
    for case in Case.objects.filter(id__in=erase_kept(transaction, kept)).order_by("id"):
        close_case(transaction, case, CaseState.WITHDRAWN)
    record_of(exchange, transaction, EventName.WITHDRAWN, kept)


def bring_back(exchange: Context, transaction: Transaction, case: Case) -> int:
    """Open an expired case again with all that is kept of it; returns how many fingerprints. The case must be locked."""
    lock_head(transaction)
    kept = list(ExpiredValue.objects.filter(fingerprint__case=case).order_by("fingerprint__position"))
    if not kept:
        return 0
    return_fingerprints(exchange, transaction, kept)
    return_case(transaction, case, max(case.expires_at, transaction.now + RETURNED_FOR))
    return len(kept)
