# SPDX-License-Identifier: Apache-2.0
"""One named transaction: all of an action is written, or nothing.

The name appears in the log when a transaction fails, without any value. A transaction never opens inside another.
"""

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime

from django.db import Error, connection, transaction

from stillmine.exchange.ground.database_errors import refusal_of
from stillmine.exchange.ground.reserve import require_room
from stillmine.exchange.ground.storage_log import say_storage
from stillmine.exchange.ground.turns import Turns
from stillmine.exchange.transaction.context import Clock, context, to_minute
from stillmine.wire.errors import StillmineError

TURN_SECONDS = 10.0

_log = logging.getLogger(__name__)

_turns = Turns()
"""Of this process's writers to SQLite, which takes one at a time and knows no order."""


@contextmanager
def tx(name: str, clock: Clock, *, may_be_lost: bool = False) -> Iterator[datetime]:
    """Open the transaction `name` and yield its time, rounded down to the minute.

    One that `may_be_lost` does not wait for the disk: a loss of power can undo it, with others of the kind, and nothing else. Only for
    what nobody was told of. Raises StorageFullError, DatabaseUnavailableError or DatabaseBusyError where disk or database give way.
    """
    require_room(context().home, name)
    try:
        with _turn(), _not_waiting_for_disk() if may_be_lost else nullcontext(), transaction.atomic(durable=True):
            if may_be_lost and connection.vendor == "postgresql":
                _say("SET LOCAL synchronous_commit TO OFF")
            yield to_minute(clock())
    except StillmineError:
        raise
    except Exception as error:
        refusal = refusal_of(error)
        if refusal is not None:
            say_storage(refusal)
            raise refusal from error
        _log.warning("transaction %s was undone: %s", name, type(error).__name__)
        raise


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
