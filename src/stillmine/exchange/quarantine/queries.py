# SPDX-License-Identifier: Apache-2.0
"""What an operator sees of intake: lists of the negative bank, what is suspended or flagged and why. Never a value, never a case.

Command line and console call the same functions.
"""

from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import F

from stillmine.exchange.protection.suspensions import newest_suspensions
from stillmine.exchange.quarantine.reported import Reported, reported
from stillmine.exchange.rows.cases import Fingerprint
from stillmine.exchange.rows.intake import Bank, Flag, FlagReason, MatchCount, Suspension
from stillmine.exchange.rows.partners import Partner
from stillmine.wire.case import FingerprintState, SuspensionReason
from stillmine.wire.errors import ConflictError, FingerprintNotFoundError


@dataclass(frozen=True)
class Suspended:
    """What of one file is suspended for one reason; `fingerprint_ids[0]` names it, and `number` is of its suspension."""

    number: int
    fingerprint_ids: list[str]
    kinds: list[str]
    reason: SuspensionReason
    suspended_at: datetime
    decision: str | None


@dataclass(frozen=True)
class Flagged:
    """What of one file is flagged for one reason, and matched; `fingerprint_ids[0]` names it, and `number` is of its flag."""

    number: int
    fingerprint_ids: list[str]
    kinds: list[str]
    reason: FlagReason
    flagged_at: datetime


@dataclass(frozen=True)
class Statements:
    """What partners said of some fingerprints: by day and partner the uploads that count and all that matched, and latest decisions."""

    uploads: list[tuple[date, str, int, int]] = field(default_factory=list)
    decisions: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Evidence:
    """Why something is suspended: what partners said, and what was decided before."""

    suspended: Suspended
    statements: Statements
    before: list[tuple[SuspensionReason, datetime, str | None, datetime | None]] = field(default_factory=list)


def banks() -> list[Bank]:
    """Return all lists of the negative bank, the oldest first."""
    return list(Bank.objects.order_by("id"))


def suspended(is_all: bool = False) -> list[Suspended]:
    """Return what waits for a decision, or with `is_all` everything that is suspended; the oldest first."""
    rows = newest_suspensions().filter(fingerprint__state=FingerprintState.SUSPENDED).select_related("fingerprint")
    if not is_all:
        rows = rows.filter(decision=None)
    groups: dict[tuple[int, int, str, str | None], list[Suspension]] = {}
    for row in rows.order_by("suspended_at", F("fingerprint__position"), "id"):
        key = (row.fingerprint.case_id, row.fingerprint.file_number, row.reason, row.decision)
        groups.setdefault(key, []).append(row)
    return [_group(group) for group in groups.values()]


def suspended_with(fingerprint_id: str) -> list[str]:
    """Return what is decided together: what is suspended of the same file for the same reason; raises what `suspended_one` raises."""
    return suspended_one(fingerprint_id).fingerprint_ids


def evidence(fingerprint_id: str) -> Evidence:
    """Return why something is suspended; raises what `suspended_one` raises."""
    found = suspended_one(fingerprint_id)
    history = Suspension.objects.filter(fingerprint_id=fingerprint_id).order_by("id").exclude(decision=None)
    return Evidence(
        suspended=found,
        statements=statements_of(found.fingerprint_ids),
        before=[(SuspensionReason(row.reason), row.suspended_at, row.decision, row.decided_at) for row in history],
    )


def statements_of(fingerprint_ids: list[str]) -> Statements:
    """Return what partners said of these."""
    names = dict(Partner.objects.values_list("id", "name"))
    counts = MatchCount.objects.filter(fingerprint_id__in=fingerprint_ids).order_by("-day", "partner__name")
    reports = sorted(reported(fingerprint_ids).items(), key=lambda item: names[item[0][1]].casefold())
    return Statements(
        uploads=list(counts.values_list("day", "partner__name", "uploads", "reports")),
        decisions=[(names[partner_id], _decision_word(one)) for (_, partner_id), one in reports if one.removed_at or one.not_removed_at],
    )


def flagged() -> list[Flagged]:
    """Return what is flagged and waits for an operator, the oldest first."""
    rows = Flag.objects.filter(decision=None, fingerprint__state=FingerprintState.ACTIVE).select_related("fingerprint")
    groups: dict[tuple[int, int, str], list[Flag]] = {}
    for row in rows.order_by("flagged_at", F("fingerprint__position"), "id"):
        groups.setdefault((row.fingerprint.case_id, row.fingerprint.file_number, row.reason), []).append(row)
    return [_flagged(group) for group in groups.values()]


def flagged_with(fingerprint_id: str) -> Flagged:
    """Return what is decided together: what is flagged of the same file for the same reason.

    Raises FingerprintNotFoundError, or ConflictError where it is not flagged.
    """
    row = Flag.objects.filter(fingerprint_id=fingerprint_id, decision=None, fingerprint__state=FingerprintState.ACTIVE).first()
    if row is None:
        if not Fingerprint.objects.filter(id=fingerprint_id).exists():
            raise FingerprintNotFoundError("see: stillmine exchange flag list")
        raise ConflictError("not flagged")
    same = Flag.objects.filter(
        fingerprint__case_id=row.fingerprint.case_id,
        fingerprint__file_number=row.fingerprint.file_number,
        fingerprint__state=FingerprintState.ACTIVE,
        reason=row.reason,
        decision=None,
    )
    return _flagged(list(same.select_related("fingerprint").order_by("fingerprint__position")))


def _flagged(rows: list[Flag]) -> Flagged:
    return Flagged(
        number=rows[0].id,
        fingerprint_ids=[row.fingerprint_id for row in rows],
        kinds=[row.fingerprint.kind for row in rows],
        reason=FlagReason(rows[0].reason),
        flagged_at=rows[0].flagged_at,
    )


def suspended_one(fingerprint_id: str) -> Suspended:
    """Return what is suspended with this one of the same file for the same reason.

    Raises FingerprintNotFoundError, or ConflictError where it is not suspended.
    """
    row = Fingerprint.objects.filter(id=fingerprint_id).first()
    if row is None:
        raise FingerprintNotFoundError("see: stillmine exchange quarantine list")
    newest = Suspension.objects.filter(fingerprint=row).order_by("-id").first()
    if row.state != FingerprintState.SUSPENDED or newest is None:
        raise ConflictError("not suspended")
    same = Suspension.objects.filter(
        fingerprint__case_id=row.case_id,
        fingerprint__file_number=row.file_number,
        fingerprint__state=FingerprintState.SUSPENDED,
        reason=newest.reason,
    ).select_related("fingerprint")
    latest = {one.fingerprint_id: one for one in same.order_by("fingerprint__position", "id")}
    return _group(list(latest.values()))


def _group(rows: list[Suspension]) -> Suspended:
    return Suspended(
        number=rows[0].id,
        fingerprint_ids=[row.fingerprint_id for row in rows],
        kinds=[row.fingerprint.kind for row in rows],
        reason=SuspensionReason(rows[0].reason),
        suspended_at=rows[0].suspended_at,
        decision=rows[0].decision,
    )


def _decision_word(one: Reported) -> str:
    return f"not_removed: {one.not_removed_reason}" if one.not_removed_reason else "removed"
