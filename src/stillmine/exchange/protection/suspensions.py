# SPDX-License-Identifier: Apache-2.0
"""The reasons of suspensions, and what an operator decided. Moving a fingerprint is the work of `actions.py`, in the same transaction.

Rows are kept, so that a decision is not undone by the same reason at once.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Max, OuterRef, QuerySet, Subquery

from stillmine.exchange.gate.bank import InBank
from stillmine.exchange.protection.held import Judged, held
from stillmine.exchange.rows.cases import Case, Fingerprint
from stillmine.exchange.rows.intake import Decision, Suspension
from stillmine.exchange.transaction.tx import Transaction
from stillmine.wire.case import FingerprintState, SuspensionReason
from stillmine.wire.fingerprint import Fingerprint as WireFingerprint
from stillmine.wire.kinds import Kind


def reasons_of(fingerprint_ids: Iterable[str]) -> dict[str, SuspensionReason]:
    """Return the newest reason of each fingerprint that ever had one."""
    rows = Suspension.objects.filter(fingerprint_id__in=list(fingerprint_ids)).order_by("id")
    return {fingerprint_id: SuspensionReason(reason) for fingerprint_id, reason in rows.values_list("fingerprint_id", "reason")}


def restored_at(fingerprint_ids: Iterable[str], reason: SuspensionReason) -> dict[str, datetime]:
    """Return when an operator last restored each fingerprint that had been suspended for this reason."""
    rows = Suspension.objects.filter(fingerprint_id__in=list(fingerprint_ids), reason=reason, decision=Decision.RESTORED)
    return dict(rows.values("fingerprint_id").annotate(at=Max("decided_at")).values_list("fingerprint_id", "at"))


def newest_suspensions() -> QuerySet[Suspension]:
    """Return of every fingerprint that ever was suspended its newest row."""
    newest = Suspension.objects.filter(fingerprint=OuterRef("fingerprint")).order_by("-id").values("id")[:1]
    return Suspension.objects.filter(id=Subquery(newest))


def suspended_before(fingerprint_ids: Iterable[str], reason: SuspensionReason) -> set[str]:
    """Return which of these were ever suspended for this reason, whatever was decided."""
    rows = Suspension.objects.filter(fingerprint_id__in=list(fingerprint_ids), reason=reason)
    return set(rows.values_list("fingerprint_id", flat=True))


def banked_in(case_ids: Iterable[int]) -> set[str]:
    """Return the fingerprints of these cases that are suspended because of the bank."""
    rows = Suspension.objects.filter(fingerprint__case_id__in=list(case_ids), fingerprint__state=FingerprintState.SUSPENDED)
    held = rows.filter(reason=SuspensionReason.NEGATIVE_BANK).exclude(decision=Decision.RESTORED)
    return set(held.values_list("fingerprint_id", flat=True))


def held_with(case: Case, new: Sequence[WireFingerprint], banked: InBank) -> tuple[list[bool], list[str]]:
    """Return which of these new fingerprints of a case are held for the bank, and which active ones there are held with them.

    What an operator restored after it was held for the bank stays as it is.
    """
    existing = list(
        Fingerprint.objects.filter(case=case).exclude(state=FingerprintState.WITHDRAWN).only("id", "file_number", "kind", "state")
    )
    known = banked_in([case.id]) if existing else set()
    judged = [Judged(row.file_number, Kind(row.kind), row.id in known) for row in existing]
    judged += [Judged(row.file_number, row.kind, (row.kind, row.value) in banked) for row in new]
    are_held = held(judged)
    others = [row.id for row, is_held in zip(existing, are_held, strict=False) if is_held and row.state == FingerprintState.ACTIVE]
    restored = restored_at(others, SuspensionReason.NEGATIVE_BANK) if others else {}
    return are_held[len(existing) :], [fingerprint_id for fingerprint_id in others if fingerprint_id not in restored]


def note_suspensions(transaction: Transaction, fingerprint_ids: Iterable[str], reason: SuspensionReason) -> None:
    Suspension.objects.bulk_create(
        Suspension(fingerprint_id=fingerprint_id, reason=reason.value, suspended_at=transaction.now) for fingerprint_id in fingerprint_ids
    )


def note_decision(transaction: Transaction, fingerprint_ids: Iterable[str], decision: Decision) -> int:
    """Write the decision into each newest row; returns how many there were."""
    newest = Suspension.objects.filter(fingerprint_id__in=list(fingerprint_ids)).values("fingerprint_id").annotate(newest=Max("id"))
    rows = Suspension.objects.filter(id__in=[row["newest"] for row in newest])
    return rows.update(decision=decision.value, decided_at=transaction.now)
