# SPDX-License-Identifier: Apache-2.0
"""What changes a case but withdrawing, each in one transaction that happens whole or not at all.

Opening can be repeated safely: a phone that lost its connection sends again.
"""

import calendar
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
from django.db import IntegrityError
from django.db.models import Max, QuerySet, Sum

from stillmine.exchange.gate.bank import InBank, in_bank
from stillmine.exchange.gate.limits import CASES_OPENED, FINGERPRINTS_ADDED, add_up, counted_if_refused
from stillmine.exchange.gate.work import Request, Wanted, require_work
from stillmine.exchange.keys.seal import blind_index
from stillmine.exchange.protection.authentication import case_of, token_hash
from stillmine.exchange.protection.entries import record_of
from stillmine.exchange.protection.file_numbers import numbers_in_case
from stillmine.exchange.protection.pairs import require_pairs
from stillmine.exchange.protection.queries import find_case
from stillmine.exchange.protection.sequence import append_changes, lock_head
from stillmine.exchange.protection.suspensions import held_with, note_decision, note_suspensions
from stillmine.exchange.protection.transitions import move_fingerprints
from stillmine.exchange.protection.values import new_data_keys, sealed
from stillmine.exchange.rows.cases import Case, Fingerprint
from stillmine.exchange.rows.intake import Decision
from stillmine.exchange.rows.keys import FingerprintDataKey
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import Transaction, tx
from stillmine.ledger.entry import EventName, commitment, ledger_salt
from stillmine.matching.flat import require_not_flat
from stillmine.wire.case import (
    MAXIMUM_FINGERPRINTS_PER_CASE,
    MAXIMUM_VALUE_BYTES_PER_CASE,
    AddFingerprints,
    CaseState,
    DelayState,
    FingerprintState,
    OpenCase,
    RenewCase,
    SuspensionReason,
)
from stillmine.wire.case_key import CaseCredentials, Secret
from stillmine.wire.errors import (
    CaseAlreadyOpenError,
    CaseClosedError,
    TooManyFingerprintsError,
)
from stillmine.wire.fingerprint import Fingerprint as WireFingerprint


class Sender(NamedTuple):
    """Whom a message with fingerprints came from: the key under which their network is counted, and the case's token."""

    network: str
    token: Secret


def open_case(exchange: Context, credentials: CaseCredentials, message: OpenCase, network: str, proof: str = "") -> tuple[Case, bool]:
    """Open a case, or find it where the same was sent before; returns the case and whether it is new.

    Raises CaseAlreadyOpenError, CaseClosedError, CaseNotFoundError (right id, wrong token), FlatFingerprintError or
    ProofOfWorkNeededError, or TooManyAttemptsError after many wrong tokens.
    """
    if find_case(credentials.case_id) is None:
        require_work(exchange, Wanted(Request.OPEN, credentials.case_id.hex(), message, network), proof)
        with counted_if_refused(exchange, FINGERPRINTS_ADDED, network, len(message.fingerprints)):
            require_not_flat(message.fingerprints)
            banked = in_bank(exchange, message.fingerprints)
            try:
                return _open_new(exchange, credentials, message, network, banked), True
            except IntegrityError:  # the same key was opened at the same moment: what follows tells whether it is the same case
                if find_case(credentials.case_id) is None:
                    raise
    case = case_of(exchange, credentials, network)
    _require_same_opening(exchange, case, message)
    return case, False


def add_fingerprints(exchange: Context, case: Case, message: AddFingerprints, sender: Sender, proof: str = "") -> None:
    """Add what is not there yet; raises CaseClosedError, FlatFingerprintError, ProofOfWorkNeededError or TooManyFingerprintsError."""
    require_open(case)
    withdrawn = Fingerprint.objects.filter(case=case, state=FingerprintState.WITHDRAWN).count()
    require_work(exchange, Wanted(Request.ADD, case.case_id, message, sender.network, withdrawn), proof)
    with counted_if_refused(exchange, FINGERPRINTS_ADDED, sender.network, len(message.fingerprints)):
        require_not_flat(message.fingerprints)
        _add_new(exchange, case, message, sender, in_bank(exchange, message.fingerprints))


def _add_new(exchange: Context, case: Case, message: AddFingerprints, sender: Sender, banked: InBank) -> None:
    with tx("cases.add_fingerprints", exchange.clock) as transaction:
        require_open(lock_case(transaction, case))
        rows = Fingerprint.objects.filter(case=case)
        numbers_by_index = dict(rows.filter(blind_index__isnull=False).values_list("blind_index", "file_number"))
        sent = {(row.kind.value, row.value): _index(exchange, row) for row in message.fingerprints}
        known = {pair: numbers_by_index[index] for pair, index in sent.items() if index in numbers_by_index}
        highest = rows.aggregate(highest=Max("file_number"))["highest"] or 0
        numbers = numbers_in_case(message.fingerprints, known, highest)
        new = [row for row in _distinct(message.fingerprints) if (row.kind.value, row.value) not in known]
        renumbered = [msgspec.structs.replace(row, file_number=numbers[row.file_number]) for row in new]
        if renumbered:
            add_up(transaction, FINGERPRINTS_ADDED, sender.network, len(renumbered))
            add_to_case(exchange, transaction, case, renumbered, sender.token, banked, is_from_opening=False)


def renew(exchange: Context, case: Case, message: RenewCase) -> None:
    """Let an open case end later; it never ends sooner by this. Raises CaseClosedError."""
    with tx("cases.renew", exchange.clock) as transaction:
        locked = lock_case(transaction, case)
        require_open(locked)
        Case.objects.filter(id=case.id).update(expires_at=max(locked.expires_at, add_months(transaction.now, message.term_months)))


def restore(exchange: Context, transaction: Transaction, fingerprint_ids: Sequence[str], decision: Decision) -> list[str]:
    """Make suspended fingerprints active again, for good as far as the reason goes; returns which, and leaves others as they are."""
    moved = _move_from(exchange, transaction, fingerprint_ids, FingerprintState.SUSPENDED, FingerprintState.ACTIVE)
    note_decision(transaction, moved, decision)
    return moved


def suspend(exchange: Context, transaction: Transaction, fingerprint_ids: Sequence[str], reason: SuspensionReason) -> list[str]:
    """Keep active fingerprints out of matching until an operator decides; returns which, and leaves others as they are."""
    moved = _move_from(exchange, transaction, fingerprint_ids, FingerprintState.ACTIVE, FingerprintState.SUSPENDED)
    note_suspensions(transaction, moved, reason)
    return moved


def _move_from(
    exchange: Context, transaction: Transaction, fingerprint_ids: Sequence[str], before: FingerprintState, after: FingerprintState
) -> list[str]:
    """Move those that are in the state `before`, which nobody can change meanwhile: every change takes the feed's lock first."""
    if not fingerprint_ids:
        return []
    lock_head(transaction)
    rows = list(Fingerprint.objects.filter(id__in=list(fingerprint_ids), state=before.value).order_by("id"))
    if rows:
        move_fingerprints(exchange, transaction, rows, after)
    return [row.id for row in rows]


def _open_new(exchange: Context, credentials: CaseCredentials, message: OpenCase, network: str, banked: InBank) -> Case:
    with tx("cases.open", exchange.clock) as transaction:
        distinct = _distinct(message.fingerprints)
        add_up(transaction, CASES_OPENED, network, 1)
        add_up(transaction, FINGERPRINTS_ADDED, network, len(distinct))
        case = Case.objects.create(
            case_id=credentials.case_id.hex(),
            token_hash=token_hash(credentials.token),
            term_months=message.term_months,
            opened_at=transaction.now,
            expires_at=add_months(transaction.now, message.term_months),
            delay=(DelayState.ON if message.delays_withdrawal else DelayState.OFF).value,
        )
        add_to_case(exchange, transaction, case, distinct, credentials.token, banked, is_from_opening=True)
        return case


def _require_same_opening(exchange: Context, case: Case, message: OpenCase) -> None:
    """What was withdrawn since is erased and can't be compared; its number still has to fit.

    A person who chose the delay must not be told that the case is open as they wanted it where it has none.
    """
    if case.state != CaseState.OPEN:
        raise CaseClosedError
    opened_with = list(Fingerprint.objects.filter(case=case, is_from_opening=True).values_list("blind_index", flat=True))
    sent = {_index(exchange, row) for row in message.fingerprints}
    kept = {index for index in opened_with if index is not None}
    lacks_delay = message.delays_withdrawal and case.delay == DelayState.OFF
    if len(sent) != len(opened_with) or not kept <= sent or case.term_months != message.term_months or lacks_delay:
        raise CaseAlreadyOpenError


def add_to_case(  # noqa: PLR0917 (all of them are needed, each is said by its place once)
    exchange: Context,
    transaction: Transaction,
    case: Case,
    new: Sequence[WireFingerprint],
    token: Secret,
    banked: InBank,
    *,
    is_from_opening: bool,
) -> None:
    in_case = Fingerprint.objects.filter(case=case)
    existing_count = in_case.count()
    _require_room(in_case, existing_count, new)
    require_pairs(exchange, in_case, new)
    are_held, others = held_with(case, new, banked)
    salt = ledger_salt(token)
    ids = [exchange.random_bytes(16).hex() for _ in new]
    data_keys, key_rows = new_data_keys(exchange, transaction, ids)
    rows = [
        Fingerprint(
            id=fingerprint_id,
            case=case,
            position=position,
            is_from_opening=is_from_opening,
            file_number=fingerprint.file_number,
            kind=fingerprint.kind.value,
            sealed_value=sealed(exchange, data_keys[fingerprint_id], fingerprint_id, fingerprint.value),
            blind_index=_index(exchange, fingerprint),
            state=(FingerprintState.SUSPENDED if is_held else FingerprintState.ACTIVE).value,
            value_bytes=len(fingerprint.value),
            quality=fingerprint.quality,
            is_synthetic=fingerprint.is_synthetic,
            added_at=transaction.now,
            ledger_commitment=commitment(salt, fingerprint_id),
        )
        for position, (fingerprint_id, fingerprint, is_held) in enumerate(zip(ids, new, are_held, strict=True), existing_count + 1)
    ]
    Fingerprint.objects.bulk_create(rows)
    FingerprintDataKey.objects.bulk_create(key_rows)
    _append_new(exchange, transaction, rows)
    suspend(exchange, transaction, others, SuspensionReason.NEGATIVE_BANK)


def _append_new(exchange: Context, transaction: Transaction, rows: Sequence[Fingerprint]) -> None:
    """Put new fingerprints into the feed; one that is held from the beginning never shows its value there."""
    held = [row.id for row in rows if row.state == FingerprintState.SUSPENDED]
    active = [row.id for row in rows if row.state == FingerprintState.ACTIVE]
    if active:
        append_changes(exchange, transaction, active, FingerprintState.ACTIVE)
    if held:
        append_changes(exchange, transaction, held, FingerprintState.SUSPENDED)
        note_suspensions(transaction, held, SuspensionReason.NEGATIVE_BANK)
        record_of(exchange, transaction, EventName.SUSPENDED, held)


def _require_room(in_case: QuerySet[Fingerprint], existing_count: int, new: Sequence[WireFingerprint]) -> None:
    if existing_count + len(new) > MAXIMUM_FINGERPRINTS_PER_CASE:
        raise TooManyFingerprintsError(f"{existing_count} are in the case already, withdrawn ones included")
    value_bytes = in_case.aggregate(total=Sum("value_bytes"))["total"] or 0
    if value_bytes + sum(len(row.value) for row in new) > MAXIMUM_VALUE_BYTES_PER_CASE:
        raise TooManyFingerprintsError(f"a case holds {MAXIMUM_VALUE_BYTES_PER_CASE} bytes of values")


def withdraw_rows(exchange: Context, transaction: Transaction, rows: list[Fingerprint], event: EventName) -> None:
    if rows:
        move_fingerprints(exchange, transaction, rows, FingerprintState.WITHDRAWN, event)


def unwithdrawn(case: Case) -> Iterable[Fingerprint]:
    return Fingerprint.objects.filter(case=case).exclude(state=FingerprintState.WITHDRAWN).order_by("position")


def _index(exchange: Context, fingerprint: WireFingerprint) -> str:
    return blind_index(exchange.secret, fingerprint.kind.value, fingerprint.value)


def lock_case(transaction: Transaction, case: Case) -> Case:
    """Return the case as it is now, held until the transaction ends."""
    transaction.require_open()
    return Case.objects.select_for_update().get(id=case.id)


def require_open(case: Case) -> None:
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
