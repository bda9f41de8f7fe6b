# SPDX-License-Identifier: Apache-2.0
"""A `Transaction` proves that one is open: nobody makes one by hand, and none is of use after its end."""

from collections.abc import Callable
from datetime import datetime

import pytest

from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import Transaction
from tests.exchange.exchange_parts import START_MINUTE, Clock


def test_its_time_is_that_of_its_beginning_rounded_to_the_minute(exchange: Context, clock: Clock) -> None:
    from stillmine.exchange.transaction.tx import tx

    with tx("test.now", exchange.clock) as transaction:
        clock.forward(minutes=5)
        assert transaction.now == START_MINUTE


def test_nobody_makes_one_but_tx() -> None:
    with pytest.raises(TypeError, match="only `tx` makes a Transaction"):
        Transaction(object(), START_MINUTE)


def read_time(transaction: Transaction) -> datetime:
    return transaction.now


def lock_the_feed(transaction: Transaction) -> None:
    from stillmine.exchange.protection.sequence import lock_head

    lock_head(transaction)


def write_to_the_log(transaction: Transaction) -> None:
    from stillmine.exchange.log.actions import record
    from stillmine.exchange.transaction.context import context
    from stillmine.ledger.entry import EventName

    record(context(), transaction, EventName.SETTINGS_CHANGED)


def move_a_delay(transaction: Transaction) -> None:
    from stillmine.exchange.protection.transitions import move_delay
    from stillmine.exchange.rows.cases import Case
    from stillmine.wire.case import DelayState

    move_delay(transaction, Case(), DelayState.ON)


def return_a_case(transaction: Transaction) -> None:
    from stillmine.exchange.protection.transitions import return_case
    from stillmine.exchange.rows.cases import Case

    return_case(transaction, Case(), START_MINUTE)


@pytest.mark.parametrize("use", [read_time, lock_the_feed, write_to_the_log, move_a_delay, return_a_case])
@pytest.mark.parametrize("fails", [False, True])
def test_nothing_is_done_with_one_that_has_ended(exchange: Context, use: Callable[[Transaction], object], fails: bool) -> None:
    from stillmine.exchange.rows.log import Leaf
    from stillmine.exchange.transaction.tx import TransactionEndedError, tx

    try:
        with tx("test.end", exchange.clock) as transaction:
            if fails:
                raise ZeroDivisionError
    except ZeroDivisionError:
        assert fails
    with pytest.raises(TransactionEndedError):
        use(transaction)
    assert not Leaf.objects.exists()
