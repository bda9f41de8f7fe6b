# SPDX-License-Identifier: Apache-2.0
"""Everything that changes a case, each in one transaction that happens whole or not at all.

Opening and withdrawing can be repeated safely: a phone that lost its connection sends again. A withdrawn value is
erased in the transaction that writes its tombstone.
"""

import calendar
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from django.db import IntegrityError
from django.db.models import Max, Sum

from stillmine.exchange.cases.authentication import case_of, token_hash
from stillmine.exchange.cases.file_numbers import numbers_in_case
from stillmine.exchange.cases.models import Case, Fingerprint, digest_of
from stillmine.exchange.cases.queries import find_case
from stillmine.exchange.cases.transitions import _close_case, _move_fingerprints
from stillmine.exchange.context import Context
from stillmine.exchange.feed.sequence import _append_changes
from stillmine.exchange.limits.actions import CASES_OPENED, _add_or_refuse
from stillmine.exchange.tx import tx
from stillmine.ledger.entry import EventName, commitment, ledger_salt
from stillmine.wire.case import (
    MAXIMUM_FINGERPRINTS_PER_CASE,
    MAXIMUM_VALUE_BYTES_PER_CASE,
    AddFingerprints,
    CaseState,
    FingerprintState,
    OpenCase,
    Withdraw,
)
from stillmine.wire.case_key import CaseCredentials, Secret
from stillmine.wire.errors import (
    CaseAlreadyOpenError,
    CaseClosedError,
    FingerprintNotFoundError,
    TooManyFingerprintsError,
)
from stillmine.wire.fingerprint import Fingerprint as WireFingerprint

_EXPIRE_AT_ONCE = 500


def open_case(exchange: Context, credentials: CaseCredentials, message: OpenCase, network: str) -> tuple[Case, bool]:
    """Open a case, or find it where the same was sent before; returns the case and whether it is new.

    Raises CaseAlreadyOpenError, CaseClosedError, CaseNotFoundError (right id, wrong token) or TooManyAttemptsError.
    """
    if find_case(credentials.case_id) is None:
        try:
            return _open_new(exchange, credentials, message, network), True
        except IntegrityError:  # the same key was opened at the same moment: what follows tells whether it is the same case
            pass
    case = case_of(exchange, credentials, network)
    _require_same_opening(case, message)
    return case, False


def add_fingerprints(exchange: Context, case: Case, message: AddFingerprints, token: Secret) -> None:
    """Add what is not there yet, for who holds the case's `token`; raises CaseClosedError or TooManyFingerprintsError."""
    with tx("cases.add_fingerprints", exchange.clock) as now:
        _require_open(_lock(case))
        rows = Fingerprint.objects.filter(case=case)
        known = {(kind, value): number for kind, value, number in rows.values_list("kind", "value", "file_number") if value is not None}
        highest = rows.aggregate(highest=Max("file_number"))["highest"] or 0
        numbers = numbers_in_case(message.fingerprints, known, highest)
        new = [row for row in _distinct(message.fingerprints) if (row.kind.value, row.value) not in known]
        renumbered = [msgspec.structs.replace(row, file_number=numbers[row.file_number]) for row in new]
        _add(exchange, case, renumbered, now, token, is_from_opening=False)


def withdraw(exchange: Context, case: Case, message: Withdraw) -> None:
    """Withdraw one fingerprint or all, and the case with its last; repeating it changes nothing.

    Raises FingerprintNotFoundError for an id that is not of this case.
    """
    with tx("cases.withdraw", exchange.clock) as now:
        locked = _lock(case)
        rows = Fingerprint.objects.filter(case=case)
        if message.fingerprint_id is not None:
            rows = rows.filter(id=message.fingerprint_id)
            if not rows.exists():
                raise FingerprintNotFoundError
        _withdraw(exchange, list(rows.exclude(state=FingerprintState.WITHDRAWN).order_by("position")), EventName.WITHDRAWN, now)
        if locked.state == CaseState.OPEN and not _unwithdrawn(case):
            _close_case(locked, CaseState.WITHDRAWN, now)


def expire_cases(exchange: Context) -> int:
    """End the cases whose term is over, each in its own transaction; returns how many."""
    with tx("cases.find_expired", exchange.clock) as now:
        due = list(Case.objects.filter(state=CaseState.OPEN, expires_at__lte=now).order_by("expires_at")[:_EXPIRE_AT_ONCE])
    return sum(_expire(exchange, case) for case in due)


def _expire(exchange: Context, case: Case) -> bool:
    with tx("cases.expire", exchange.clock) as now:
        if _lock(case).state != CaseState.OPEN:
            return False
        _withdraw(exchange, list(_unwithdrawn(case)), EventName.EXPIRED, now)
        _close_case(case, CaseState.EXPIRED, now)
        return True


def _open_new(exchange: Context, credentials: CaseCredentials, message: OpenCase, network: str) -> Case:
    with tx("cases.open", exchange.clock) as now:
        _add_or_refuse(CASES_OPENED, network, now)
        case = Case.objects.create(
            case_id=credentials.case_id.hex(),
            token_hash=token_hash(credentials.token),
            term_months=message.term_months,
            opened_at=now,
            expires_at=add_months(now, message.term_months),
        )
        _add(exchange, case, _distinct(message.fingerprints), now, credentials.token, is_from_opening=True)
        return case


def _require_same_opening(case: Case, message: OpenCase) -> None:
    """What was withdrawn since is erased and can't be compared; its number still has to fit."""
    if case.state != CaseState.OPEN:
        raise CaseClosedError
    opened_with = list(Fingerprint.objects.filter(case=case, is_from_opening=True))
    sent = {(row.kind.value, row.value) for row in message.fingerprints}
    kept = {(row.kind, row.value) for row in opened_with if row.value is not None}
    if len(sent) != len(opened_with) or not kept <= sent or case.term_months != message.term_months:
        raise CaseAlreadyOpenError


def _add(exchange: Context, case: Case, new: Sequence[WireFingerprint], now: datetime, token: Secret, *, is_from_opening: bool) -> None:
    if not new:
        return
    in_case = Fingerprint.objects.filter(case=case)
    there = in_case.count()
    if there + len(new) > MAXIMUM_FINGERPRINTS_PER_CASE:
        raise TooManyFingerprintsError(f"{there} are in the case already, withdrawn ones included")
    value_bytes = in_case.aggregate(total=Sum("value_bytes"))["total"] or 0
    if value_bytes + sum(len(row.value) for row in new) > MAXIMUM_VALUE_BYTES_PER_CASE:
        raise TooManyFingerprintsError(f"a case holds {MAXIMUM_VALUE_BYTES_PER_CASE} bytes of values")
    ids = [exchange.random_bytes(16).hex() for _ in new]
    salt = ledger_salt(token)
    rows = [
        Fingerprint(
            id=fingerprint_id,
            case=case,
            position=position,
            is_from_opening=is_from_opening,
            file_number=fingerprint.file_number,
            kind=fingerprint.kind.value,
            value=fingerprint.value,
            value_digest=digest_of(fingerprint.value),
            value_bytes=len(fingerprint.value),
            quality=fingerprint.quality,
            added_at=now,
            ledger_commitment=commitment(salt, fingerprint_id),
        )
        for position, (fingerprint_id, fingerprint) in enumerate(zip(ids, new, strict=True), there + 1)
    ]
    Fingerprint.objects.bulk_create(rows)
    _append_changes(ids, FingerprintState.ACTIVE, now)


def _withdraw(exchange: Context, rows: list[Fingerprint], event: EventName, now: datetime) -> None:
    if rows:
        _move_fingerprints(exchange, rows, FingerprintState.WITHDRAWN, now, event)


def _unwithdrawn(case: Case) -> Iterable[Fingerprint]:
    return Fingerprint.objects.filter(case=case).exclude(state=FingerprintState.WITHDRAWN).order_by("position")


def _lock(case: Case) -> Case:
    """Return the case as it is now, held until the transaction ends."""
    return Case.objects.select_for_update().get(id=case.id)


def _require_open(case: Case) -> None:
    if case.state != CaseState.OPEN:
        raise CaseClosedError


def _distinct(fingerprints: Iterable[WireFingerprint]) -> list[WireFingerprint]:
    """Return each (kind, value) once, the first of its kind, in the order they came."""
    return list({(row.kind, row.value): row for row in reversed(list(fingerprints))}.values())[::-1]


def add_months(at: datetime, months: int) -> datetime:
    """Return the same day `months` later, or the last day of a shorter month."""
    years, month = divmod(at.month - 1 + months, 12)
    year, month = at.year + years, month + 1
    return at.replace(year=year, month=month, day=min(at.day, calendar.monthrange(year, month)[1]))
