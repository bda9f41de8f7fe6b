# SPDX-License-Identifier: Apache-2.0
"""What a database's own error means for whoever asked: the disk is full, the database is away, or others are before you.

Everything else stays an accident. No text of an error is read or passed on: it can hold a value.
"""

import errno
import sqlite3
from collections.abc import Iterator

from django.db import InterfaceError

from stillmine.wire.errors import StillmineError
from stillmine.wire.storage_errors import DatabaseBusyError, DatabaseUnavailableError, StorageFullError

_SQLITE: dict[int, type[StillmineError]] = {
    sqlite3.SQLITE_FULL: StorageFullError,
    sqlite3.SQLITE_IOERR_SHMSIZE: StorageFullError,  # the log's index could not grow
    sqlite3.SQLITE_BUSY: DatabaseBusyError,
    sqlite3.SQLITE_LOCKED: DatabaseBusyError,
    sqlite3.SQLITE_CANTOPEN: DatabaseUnavailableError,
    sqlite3.SQLITE_READONLY: DatabaseUnavailableError,
    sqlite3.SQLITE_IOERR: DatabaseUnavailableError,
}
_POSTGRESQL: dict[str, type[StillmineError]] = {
    "53100": StorageFullError,  # disk_full
    "55P03": DatabaseBusyError,  # lock_not_available
    "40P01": DatabaseBusyError,  # deadlock_detected
    "40001": DatabaseBusyError,  # serialization_failure
    "57014": DatabaseBusyError,  # query_canceled, by our own limit of time
    "25006": DatabaseUnavailableError,  # read_only_sql_transaction: a replica
    "58030": DatabaseUnavailableError,  # io_error
}
_POSTGRESQL_CLASSES = ("08", "28", "3D", "53", "57P")
"""No connection, no such user or database, no resources, going down or not up yet."""


def refusal_of(error: BaseException) -> StillmineError | None:
    """Return what to answer, None for an error that says nothing of disk or database."""
    for cause in _causes(error):
        found = _refusal(cause)
        if found is not None:
            return found()
    return None


def _refusal(cause: BaseException) -> type[StillmineError] | None:
    if isinstance(cause, OSError) and cause.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StorageFullError
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", 0)
        return _SQLITE.get(code) or _SQLITE.get(code & 0xFF)
    if type(cause).__module__.partition(".")[0] == "psycopg":
        return _of_postgresql(type(cause).__name__, getattr(cause, "sqlstate", None))
    return DatabaseUnavailableError if isinstance(cause, InterfaceError) and cause.__cause__ is None else None


def _of_postgresql(name: str, state: str | None) -> type[StillmineError] | None:
    if state is None:  # the connection itself: refused, lost, or silent for too long
        return DatabaseUnavailableError if name.endswith(("OperationalError", "InterfaceError", "Timeout")) else None
    return _POSTGRESQL.get(state) or (DatabaseUnavailableError if state.startswith(_POSTGRESQL_CLASSES) else None)


def _causes(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__
