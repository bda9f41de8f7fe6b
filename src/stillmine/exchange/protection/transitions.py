# SPDX-License-Identifier: Apache-2.0
"""The three state machines of spec/case.md, and the only code that changes a state.

Each change is a conditional update: who finds another state than expected changes nothing and is told of a conflict.
"""

from collections.abc import Sequence
from datetime import datetime

from stillmine.exchange.protection.entries import record_of
from stillmine.exchange.protection.sequence import append_changes
from stillmine.exchange.rows.cases import Case, ExpiredValue, Fingerprint
from stillmine.exchange.rows.keys import FingerprintDataKey
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import Transaction
from stillmine.ledger.entry import EventName
from stillmine.wire.case import CaseState, DelayState, FingerprintState
from stillmine.wire.errors import ConflictError

CASE_TRANSITIONS = frozenset(
    {
        (CaseState.OPEN, CaseState.WITHDRAWN),
        (CaseState.OPEN, CaseState.EXPIRED),
        (CaseState.EXPIRED, CaseState.WITHDRAWN),
    }
)

CASE_RETURNS = frozenset({(CaseState.EXPIRED, CaseState.OPEN)})
"""Only with all that is kept of it: `return_case`."""

FINGERPRINT_TRANSITIONS = frozenset(
    {
        (FingerprintState.ACTIVE, FingerprintState.SUSPENDED),
        (FingerprintState.SUSPENDED, FingerprintState.ACTIVE),
        (FingerprintState.ACTIVE, FingerprintState.WITHDRAWN),
        (FingerprintState.SUSPENDED, FingerprintState.WITHDRAWN),
    }
)

FINGERPRINT_RETURNS = frozenset(
    {
        (FingerprintState.WITHDRAWN, FingerprintState.ACTIVE),
        (FingerprintState.WITHDRAWN, FingerprintState.SUSPENDED),
    }
)
"""Only from what is kept of an expired case: `return_fingerprints`."""

DELAY_TRANSITIONS = frozenset(
    {
        (DelayState.OFF, DelayState.ON),
        (DelayState.ON, DelayState.ENDING),
        (DelayState.ENDING, DelayState.ON),
        (DelayState.ENDING, DelayState.OFF),
    }
)

EVENTS = {
    FingerprintState.ACTIVE: EventName.RESTORED,
    FingerprintState.SUSPENDED: EventName.SUSPENDED,
    FingerprintState.WITHDRAWN: EventName.WITHDRAWN,
}
"""What the log says of a change to each state, unless its reason has a word of its own."""


def close_case(transaction: Transaction, case: Case, to: CaseState, closed_at: datetime | None = None) -> None:
    """Move a case to `to`, now or as of a time before; raises ConflictError from any other state."""
    allowed = [before.value for before, after in CASE_TRANSITIONS if after is to]
    changed = Case.objects.filter(id=case.id, state__in=allowed).update(state=to.value, closed_at=closed_at or transaction.now)
    if changed != 1:
        raise ConflictError


def move_delay(transaction: Transaction, case: Case, to: DelayState, ends_at: datetime | None = None) -> None:
    """Move a case's delay to `to`; `ends_at` is needed for `ending` alone. Raises ConflictError."""
    transaction.require_open()
    allowed = [before.value for before, after in DELAY_TRANSITIONS if after is to]
    if Case.objects.filter(id=case.id, state=CaseState.OPEN.value, delay__in=allowed).update(delay=to.value, delay_ends_at=ends_at) != 1:
        raise ConflictError


def move_fingerprints(
    exchange: Context, transaction: Transaction, fingerprints: Sequence[Fingerprint], to: FingerprintState, event: EventName | None = None
) -> None:
    """Move fingerprints to `to` and put it into feed and log; a withdrawn value and its data key are erased here. Raises ConflictError.

    What expires must be kept before: `kept_cases.py`.

    `event` is what the log says where that is not the state's own word.
    """
    ids = [fingerprint.id for fingerprint in fingerprints]
    allowed = [before.value for before, after in FINGERPRINT_TRANSITIONS if after is to]
    append_changes(exchange, transaction, ids, to)  # first, because it takes the lock under which the old value is still there
    rows = Fingerprint.objects.filter(id__in=ids, state__in=allowed)
    if to is FingerprintState.WITHDRAWN:
        erased = {
            "sealed_value": None,
            "blind_index": None,
            "value_bytes": 0,
            "quality": None,
            "is_synthetic": False,
            "withdrawal_due_at": None,
        }
        erased_at = None if event is EventName.EXPIRED else transaction.now
        changed = rows.update(state=to.value, withdrawn_at=transaction.now, erased_at=erased_at, **erased)
        if erased_at is not None:
            FingerprintDataKey.objects.filter(fingerprint__in=ids).delete()
    else:
        changed = rows.update(state=to.value)
    if changed != len(ids):
        raise ConflictError
    record_of(exchange, transaction, event or EVENTS[to], ids)


def return_case(transaction: Transaction, case: Case, expires_at: datetime) -> None:
    """Open an expired case again; raises ConflictError where it is not expired.

    A delay that was ending is on again, because nobody could take that back meanwhile.
    """
    transaction.require_open()
    allowed = [before.value for before, _ in CASE_RETURNS]
    changed = Case.objects.filter(id=case.id, state__in=allowed).update(state=CaseState.OPEN.value, closed_at=None, expires_at=expires_at)
    if changed != 1:
        raise ConflictError
    Case.objects.filter(id=case.id, delay=DelayState.ENDING.value).update(delay=DelayState.ON.value, delay_ends_at=None)


def return_fingerprints(exchange: Context, transaction: Transaction, kept: Sequence[ExpiredValue]) -> None:
    """Put back what is kept, each in its state of before, into feed and log. Needs the feed's lock. Raises ConflictError."""
    for row in kept:
        values = {name: getattr(row, name) for name in ("sealed_value", "blind_index", "value_bytes", "quality", "is_synthetic")}
        withdrawn = Fingerprint.objects.filter(id=row.fingerprint_id, state=FingerprintState.WITHDRAWN.value)
        if withdrawn.update(state=row.state_before, withdrawn_at=None, erased_at=None, withdrawal_asked_at=None, **values) != 1:
            raise ConflictError
    ExpiredValue.objects.filter(pk__in=[row.pk for row in kept]).delete()
    for state in (FingerprintState.ACTIVE, FingerprintState.SUSPENDED):
        ids = [row.fingerprint_id for row in kept if row.state_before == state]
        if ids:
            append_changes(exchange, transaction, ids, state)
            record_of(exchange, transaction, EVENTS[state], ids, details={"after": "expired"})
