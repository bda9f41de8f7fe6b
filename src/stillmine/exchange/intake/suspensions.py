# SPDX-License-Identifier: Apache-2.0
"""The reasons of suspensions, and what an operator decided. Moving a fingerprint is `cases.actions`'s work, in the same transaction.

Rows are kept, so that a decision is not undone by the same reason at once.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Max

from stillmine.exchange.intake.models import Decision, Suspension
from stillmine.wire.case import FingerprintState, SuspensionReason


def reasons_of(fingerprint_ids: Iterable[str]) -> dict[str, SuspensionReason]:
    """Return the newest reason of each fingerprint that ever had one."""
    rows = Suspension.objects.filter(fingerprint_id__in=list(fingerprint_ids)).order_by("id")
    return {fingerprint_id: SuspensionReason(reason) for fingerprint_id, reason in rows.values_list("fingerprint_id", "reason")}


def restored_at(fingerprint_ids: Iterable[str], reason: SuspensionReason) -> dict[str, datetime]:
    """Return when an operator last restored each fingerprint that had been suspended for this reason."""
    rows = Suspension.objects.filter(fingerprint_id__in=list(fingerprint_ids), reason=reason, decision=Decision.RESTORED)
    return dict(rows.values("fingerprint_id").annotate(at=Max("decided_at")).values_list("fingerprint_id", "at"))


def files_held(case_id: int) -> set[int]:
    """Return the numbers of a case's files that are suspended because of the bank."""
    rows = Suspension.objects.filter(fingerprint__case_id=case_id, fingerprint__state=FingerprintState.SUSPENDED)
    held = rows.filter(reason=SuspensionReason.NEGATIVE_BANK).exclude(decision=Decision.RESTORED)
    return set(held.values_list("fingerprint__file_number", flat=True))


def _note_suspensions(fingerprint_ids: Iterable[str], reason: SuspensionReason, now: datetime) -> None:
    Suspension.objects.bulk_create(
        Suspension(fingerprint_id=fingerprint_id, reason=reason.value, suspended_at=now) for fingerprint_id in fingerprint_ids
    )


def _note_decision(fingerprint_ids: Iterable[str], decision: Decision, now: datetime) -> int:
    """Write the decision into each newest row; returns how many there were."""
    newest = Suspension.objects.filter(fingerprint_id__in=list(fingerprint_ids)).values("fingerprint_id").annotate(newest=Max("id"))
    rows = Suspension.objects.filter(id__in=[row["newest"] for row in newest])
    return rows.update(decision=decision.value, decided_at=now)
