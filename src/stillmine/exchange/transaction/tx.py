# SPDX-License-Identifier: Apache-2.0
"""One named transaction: all of an action is written, or nothing.

The name appears in the log when a transaction fails, without any value. A transaction never opens inside another. What must run inside
one takes the `Transaction`, so that the type checker finds who calls it outside.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime

from django.db import Error, connection
from django.db.backends.utils import CursorWrapper
from django.db.transaction import atomic

from stillmine.exchange.ground.database_errors import refusal_of
from stillmine.exchange.ground.reserve import require_room
from stillmine.exchange.ground.storage_log import say_storage
from stillmine.exchange.ground.turns import Turns
from stillmine.exchange.transaction.context import Clock, context, to_minute
from stillmine.wire.errors import StillmineError

TURN_SECONDS = 10.0

_NOT_WAITING = "SET LOCAL synchronous_commit TO OFF"
_WRITTEN_WITHOUT_WAITING = "RETURNING set_config('synchronous_commit', 'off', true)"
"""The same behind a statement that writes: for its own transaction alone, and the statement can be prepared."""

_log = logging.getLogger(__name__)

_turns = Turns()
"""Of this process's writers to SQLite, which takes one at a time and knows no order."""


_MADE_BY_TX = object()


class TransactionEndedError(RuntimeError):
    """A transaction was used after its end: what was to be written with it would stand alone."""


class Transaction:
    """A transaction that is open, and its time. Only `tx` makes one; it can't be used after its end."""

    __slots__ = ("_is_open", "_now")

    def __init__(self, made_by: object, now: datetime) -> None:
        if made_by is not _MADE_BY_TX:
            raise TypeError("only `tx` makes a Transaction: open one with `with tx(…) as transaction`")
        self._now = now
        self._is_open = True

    @property
    def now(self) -> datetime:
        """When it was opened, rounded down to the minute."""
        self.require_open()
        return self._now

    def require_open(self) -> None:
        """Raise TransactionEndedError after its end."""
        if not self._is_open:
            raise TransactionEndedError("this transaction has ended: open another one, and do in it all that belongs together")

    def _end(self) -> None:
        self._is_open = False


@contextmanager
def tx(name: str, clock: Clock, *, may_be_lost: bool = False) -> Iterator[Transaction]:
    """Open the transaction `name`; its time is rounded down to the minute.

    One that `may_be_lost` does not wait for the disk: a loss of power can undo it, with others of the kind, and nothing else. Only for
    what nobody was told of. Raises StorageFullError, DatabaseUnavailableError or DatabaseBusyError where disk or database give way.
    """
    with _refusals(name), _turn(), _not_waiting_for_disk() if may_be_lost else nullcontext(), atomic(durable=True):
        if may_be_lost and connection.vendor == "postgresql":
            _say(_NOT_WAITING)
        with _open(to_minute(clock())) as transaction:
            yield transaction


def one_statement(name: str, clock: Clock, statement: str, parameters: Callable[[datetime], Sequence[str | int | None]]) -> int:
    """Run a statement that writes, returns nothing, is a transaction of its own and `may_be_lost`; returns how many rows it wrote.

    `parameters` is given the time, as `Transaction.now`. PostgreSQL gets all in one message instead of four, and asks are mostly this.
    Raises as `tx` does.
    """
    if connection.vendor != "postgresql":
        with tx(name, clock, may_be_lost=True) as transaction, connection.cursor() as cursor:
            cursor.execute(statement, parameters(transaction.now))
            return int(cursor.rowcount)
    if connection.in_atomic_block:
        raise TransactionEndedError(f"{name} is a transaction of its own, and another is open")
    with _refusals(name), repeating_cursor() as cursor:
        cursor.execute(f"{statement} {_WRITTEN_WITHOUT_WAITING}", parameters(to_minute(clock())))
        return int(cursor.rowcount)


def repeating_cursor() -> CursorWrapper:
    """Return a cursor for statements that nearly every request says: a web worker's PostgreSQL plans each once for a connection."""
    made: CursorWrapper = getattr(connection, "repeating_cursor", connection.cursor)()
    return made


@contextmanager
def _refusals(name: str) -> Iterator[None]:
    """Say in the exchange's own errors what disk or database refuse, and in the log which transaction was undone."""
    require_room(context().home, name)
    try:
        yield
    except StillmineError:
        raise
    except Exception as error:
        refusal = refusal_of(error)
        if refusal is not None:
            say_storage(refusal)
            raise refusal from error
        _log.warning("transaction %s was undone: %s", name, type(error).__name__)
        raise


@contextmanager
def _open(now: datetime) -> Iterator[Transaction]:
    transaction = Transaction(_MADE_BY_TX, now)
    try:
        yield transaction
    finally:
        transaction._end()


def _turn() -> AbstractContextManager[None]:
    return _turns.turn(TURN_SECONDS) if connection.vendor == "sqlite" else nullcontext()


@contextmanager
def _not_waiting_for_disk() -> Iterator[None]:
    """SQLite knows this of connections alone. One that can't be set back is closed: the next begins as the settings say."""
    if connection.vendor != "sqlite":
        yield
        return
    try:
        _say("PRAGMA synchronous=NORMAL")
        yield
    finally:
        try:
            _say("PRAGMA synchronous=FULL")
        except Error:
            connection.close()


def _say(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
