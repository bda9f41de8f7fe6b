# SPDX-License-Identifier: Apache-2.0
"""Let the database itself let go of what was erased: empty SQLite's log, vacuum PostgreSQL's tables; and say when something is in the way.

This is not what makes erased things unreadable everywhere: that is the turn of the day. It keeps them from lying about until then.
"""

import logging
from datetime import timedelta

from django.db import connection

from stillmine.exchange.rows.erasure import HeldUp
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import tx

BUSY_MILLISECONDS = 300
"""While this waits for readers nobody can write, so it waits briefly and often."""

TRIES = 3

PATIENCE = timedelta(minutes=5)
"""Whoever reads for longer is in the way."""

LATE = timedelta(hours=1)

TABLES = ("cases_fingerprint", "cases_expiredvalue", "feed_pendingtombstone", "fingerprint_data_keys", "tombstone_data_keys", "day_keys")

_log = logging.getLogger(__name__)

HELD_UP = "a program is reading the database (a copy, a shell, a hanging command), so that what was erased can't leave its log"


def let_go(exchange: Context) -> int:
    """Do so; returns 1 where nothing is left, 0 where something is in the way, which the log is told once and readiness after an hour."""
    is_done = _empty_log() if connection.vendor == "sqlite" else _vacuum()
    held = HeldUp.objects.first()
    if is_done and held is not None:
        with tx("erasure.let_go", exchange.clock):
            HeldUp.objects.all().delete()
    elif not is_done and held is None:
        _log.warning("%s. End it if it goes on; until then this is tried every minute", HELD_UP)
        with tx("erasure.held_up", exchange.clock) as transaction:
            HeldUp.objects.create(since=transaction.now)
    return int(is_done)


def is_held_up(exchange: Context) -> bool:
    """True where something has been in the way for an hour."""
    return HeldUp.objects.filter(since__lte=exchange.clock() - LATE).exists()


def _empty_log() -> bool:
    """Move SQLite's log into the file and truncate it; False where readers keep it."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        [(before,)] = cursor.fetchall()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        try:
            return any(_is_emptied(cursor) for _ in range(TRIES))
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {int(before)}")


def _is_emptied(cursor: object) -> bool:
    execute, fetch = cursor.execute, cursor.fetchone  # type: ignore[attr-defined]
    execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return bool(fetch()[0] == 0)


def _vacuum() -> bool:
    """Vacuum the tables that hold dead rows; False where some stay and a transaction that began long ago may still see them."""
    with connection.cursor() as cursor:
        for table in _tables_with_dead_rows():
            cursor.execute(f"VACUUM (SKIP_LOCKED) {connection.ops.quote_name(table)}")
        if not _tables_with_dead_rows():
            return True
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND backend_xmin IS NOT NULL AND xact_start < now() - make_interval(secs => %s))",
            [PATIENCE.total_seconds()],
        )
        [(is_held,)] = cursor.fetchall()
    return not is_held


def _tables_with_dead_rows() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_stat_user_tables WHERE relname = ANY(%s) AND n_dead_tup > 0 ORDER BY relname", [list(TABLES)]
        )
        return [str(table) for (table,) in cursor.fetchall()]
