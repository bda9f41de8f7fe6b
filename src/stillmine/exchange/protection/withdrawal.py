# SPDX-License-Identifier: Apache-2.0
"""Withdrawing: at once, or 72 hours after it was asked for where the person chose that because they could be forced to.

A withdrawn value is erased in the transaction that writes its tombstone, and repeating a request changes nothing. Nothing here may make
a withdrawal, or end a delay, sooner than was promised: what is due is done by upkeep alone, by a clock that is believed, and what was
promised keeps its date. Contract: spec/case.md, "Delay of withdrawals".
"""

from collections.abc import Sequence

from django.db.models import QuerySet

from stillmine.exchange.protection.actions import lock_case, require_open, unwithdrawn, withdraw_rows
from stillmine.exchange.protection.kept_cases import withdraw_kept
from stillmine.exchange.protection.transitions import close_case, move_delay
from stillmine.exchange.rows.cases import Case, Fingerprint
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import Transaction, tx
from stillmine.ledger.entry import EventName
from stillmine.wire.case import WITHDRAWAL_DELAY, CancelWithdrawal, CaseState, DelayState, FingerprintState, SetDelay, Withdraw
from stillmine.wire.errors import FingerprintNotFoundError

_AT_ONCE = 500


def withdraw(exchange: Context, case: Case, message: Withdraw) -> None:
    """Withdraw one fingerprint or all, and the case with its last, or ask for it where the case delays that.

    Raises FingerprintNotFoundError for an id that is not of this case.
    """
    with tx("cases.withdraw", exchange.clock) as transaction:
        locked, named = lock_case(transaction, case), _named(case, message.fingerprint_id)
        rows = list(named.exclude(state=FingerprintState.WITHDRAWN).order_by("position"))
        if locked.delay != DelayState.OFF:  # what is kept of an expired case goes 72 hours after its end, which is as late
            _ask_for(transaction, rows)
            return
        _withdraw_and_close(exchange, transaction, locked, rows)
        if locked.state == CaseState.EXPIRED:
            withdraw_kept(exchange, transaction, list(named.values_list("id", flat=True)))


def set_delay(exchange: Context, case: Case, message: SetDelay) -> None:
    """Switch the delay on at once, or let it end in 72 hours; what is set already keeps its date. Raises CaseClosedError."""
    with tx("cases.set_delay", exchange.clock) as transaction:
        locked = lock_case(transaction, case)
        require_open(locked)
        if message.is_on and locked.delay != DelayState.ON:
            move_delay(transaction, locked, DelayState.ON)
        elif not message.is_on and locked.delay == DelayState.ON:
            move_delay(transaction, locked, DelayState.ENDING, transaction.now + WITHDRAWAL_DELAY)


def cancel_withdrawal(exchange: Context, case: Case, message: CancelWithdrawal) -> None:
    """Take back what was asked for of one fingerprint or of all; what has taken effect stays withdrawn.

    Raises CaseClosedError, or FingerprintNotFoundError for an id that is not of this case.
    """
    with tx("cases.cancel_withdrawal", exchange.clock) as transaction:
        require_open(lock_case(transaction, case))
        asked = _named(case, message.fingerprint_id).filter(withdrawal_due_at__isnull=False)
        asked.update(withdrawal_asked_at=None, withdrawal_due_at=None)


def make_due_withdrawals(exchange: Context) -> int:
    """Withdraw what is due, case by case, each in its own transaction; returns how many fingerprints."""
    with tx("cases.find_due_withdrawals", exchange.clock) as transaction:
        due = Fingerprint.objects.filter(withdrawal_due_at__lte=transaction.now).values_list("case_id", flat=True).distinct()
        cases = list(Case.objects.filter(id__in=list(due.order_by("case_id")[:_AT_ONCE])).order_by("id"))
    return sum(withdraw_due_of(exchange, case) for case in cases)


def end_due_delays(exchange: Context) -> int:
    """Switch off the delays that were switched off 72 hours ago; returns how many."""
    with tx("cases.end_due_delays", exchange.clock) as transaction:
        due = list(
            Case.objects.select_for_update().filter(state=CaseState.OPEN, delay_ends_at__lte=transaction.now).order_by("id")[:_AT_ONCE]
        )
        for case in due:
            move_delay(transaction, case, DelayState.OFF)
        return len(due)


def begin_anew(exchange: Context) -> int:
    """Let the 72 hours of all that is asked for begin now, where nobody can say how much of them has passed; returns how many.

    After a jump of the clock or a time in which the exchange was off: nobody could cancel then.
    """
    with tx("cases.begin_anew", exchange.clock) as transaction:
        return restart_delays(transaction)


def withdraw_due_of(exchange: Context, case: Case) -> int:
    with tx("cases.withdraw_due", exchange.clock) as transaction:
        locked = lock_case(transaction, case)
        # What was cancelled since it was found is not due.
        due = Fingerprint.objects.filter(case=case, withdrawal_due_at__lte=transaction.now)
        rows = list(due.exclude(state=FingerprintState.WITHDRAWN).order_by("position"))
        _withdraw_and_close(exchange, transaction, locked, rows)
        return len(rows)


def _named(case: Case, fingerprint_id: str | None) -> QuerySet[Fingerprint]:
    """Return what a request is about; raises FingerprintNotFoundError for an id that is not of this case."""
    rows = Fingerprint.objects.filter(case=case)
    if fingerprint_id is None:
        return rows
    rows = rows.filter(id=fingerprint_id)
    if not rows.exists():
        raise FingerprintNotFoundError
    return rows


def _withdraw_and_close(exchange: Context, transaction: Transaction, locked: Case, rows: list[Fingerprint]) -> None:
    withdraw_rows(exchange, transaction, rows, EventName.WITHDRAWN)
    if locked.state == CaseState.OPEN and not unwithdrawn(locked):
        close_case(transaction, locked, CaseState.WITHDRAWN)


def restart_delays(transaction: Transaction) -> int:
    """Let all 72 hours begin now; a restored backup needs it too, for it may hold what was cancelled after it was made."""
    due = transaction.now + WITHDRAWAL_DELAY
    asked = Fingerprint.objects.filter(withdrawal_due_at__isnull=False).update(withdrawal_due_at=due)
    return asked + Case.objects.filter(delay_ends_at__isnull=False).update(delay_ends_at=due)


def _ask_for(transaction: Transaction, rows: Sequence[Fingerprint]) -> None:
    """Ask for what is not asked for yet; what is keeps its date."""
    new = [row.id for row in rows if row.withdrawal_due_at is None]
    Fingerprint.objects.filter(id__in=new, withdrawal_due_at=None).update(
        withdrawal_asked_at=transaction.now, withdrawal_due_at=transaction.now + WITHDRAWAL_DELAY
    )
