# SPDX-License-Identifier: Apache-2.0
"""The connection that web workers use: no statement waits longer than its setting says, here and at the server.

The server's own limits end what is slow; ours ends what is silent, because a stopped server keeps no limit. Commands and upkeep wait as
long as it takes: this is used only where `ANSWER_SECONDS` is set.
"""

import math
import select
import time
from functools import partial
from typing import TypeVar

from django.db.backends.postgresql import base
from django.db.backends.utils import CursorWrapper
from psycopg import Connection, Cursor, OperationalError
from psycopg.abc import PQGen

Answer = TypeVar("Answer")

CONNECT_SECONDS = 5
LOCK_SECONDS = 5
ANSWER_SECONDS = 10
PAUSE_SECONDS = 5.0


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that gives up."""

    _used_at = -math.inf

    def get_new_connection(self, conn_params: dict[str, object]) -> Connection:
        """Connect, and let every wait on this connection end."""
        connection: Connection = super().get_new_connection({"connect_timeout": CONNECT_SECONDS, **conn_params})
        connection.prepare_threshold = 0  # of `repeating_cursor` alone: Django's own cursors prepare nothing
        setattr(connection, "wait", partial(_wait, connection))  # noqa: B010 (a method of one connection)
        return connection

    def init_connection_state(self) -> None:
        """Tell the server the same limits, once for each connection."""
        super().init_connection_state()
        connection = self.connection
        if connection is None:
            return
        limits = (f"{ANSWER_SECONDS}s", f"{LOCK_SECONDS}s")
        connection.execute("SELECT set_config('statement_timeout', %s, false), set_config('lock_timeout', %s, false)", limits)
        if not connection.autocommit:
            connection.commit()

    def repeating_cursor(self) -> CursorWrapper:
        """Return a cursor for statements that nearly every request says: each is planned once for a connection, at its first.

        PostgreSQL plans a look-up of one row in two to four times the time in which it finds it.
        """
        self.close_if_health_check_failed()
        self.ensure_connection()
        with self.wrap_database_errors:
            return self.make_cursor(Cursor(self.connection))  # type: ignore[arg-type]  # the stubs want what it returns

    def is_usable(self) -> bool:
        """Return whether the connection can be used; the server is not asked at each request, which would cost as much as the request.

        A server that ended the connection has said so, and its words wait to be read. After a pause something on the way may have
        dropped it in silence.
        """
        if self.connection is None or self.connection.closed:
            return False
        used_at, self._used_at = self._used_at, time.monotonic()
        has_paused = self._used_at - used_at > PAUSE_SECONDS
        return super().is_usable() if has_paused or _has_words(self.connection) else True


def _has_words(connection: Connection) -> bool:
    return bool(select.select([connection.fileno()], [], [], 0)[0])


def _wait(connection: Connection, gen: PQGen[Answer], interval: float = 0.1, timeout: float | None = None) -> Answer:
    """Wait like psycopg, but not for ever; what is silent so long is closed, because nothing can be sent to it any more."""
    limit = ANSWER_SECONDS if timeout is None else timeout
    try:
        return Connection.wait(connection, gen, interval, limit)
    except OperationalError as error:
        if type(error).__name__ == "_WaitTimeout" and timeout is None:
            connection.close()
        raise
