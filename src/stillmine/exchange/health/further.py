# SPDX-License-Identifier: Apache-2.0
"""What an operator has to look at beside the parts of `/readyz`: secret, room, last backup, attack, portal, version. Only reads."""

import os
import platform
import sqlite3
from datetime import datetime, timedelta
from importlib.metadata import version

from django.db import connection

from stillmine.exchange.backup.folders import last_backup, last_test
from stillmine.exchange.database.secret_check import has_own_secret
from stillmine.exchange.gate.work import is_declared, is_exceeded
from stillmine.exchange.ground.reserve import free_bytes
from stillmine.exchange.ground.secret import SECRET_FILE, load_secret
from stillmine.exchange.health.findings import Finding, fine, warned, wrong
from stillmine.exchange.log.portal import newest_list
from stillmine.exchange.rows.cases import Case
from stillmine.exchange.settings.config import DATABASE_FILE
from stillmine.exchange.transaction.context import Context
from stillmine.wire.errors import NotConfiguredError
from stillmine.wire.portal_list import list_hash, list_of_folder

ENOUGH_BYTES = 1024**3

FRESH = timedelta(hours=26)
"""A backup a day, and two hours for it."""

OLD = timedelta(days=7)

UNTRIED = timedelta(days=35)
"""A backup is restored to try it once a month, and a few days for it."""

_BACK_UP = "Run `stillmine exchange backup` with a folder, and have it run by the clock (docs/operators.md, “Backup”)"


def of_secret(exchange: Context) -> Finding:
    """Look whether the home has its secret, and the database's."""
    if load_secret(exchange.home) is None:
        return wrong("secret", f"{SECRET_FILE} is not in the home folder. Put the file back from your backup: a new one opens nothing")
    try:
        has_own_secret(exchange)
    except NotConfiguredError:
        words = f"{SECRET_FILE} belongs to another database. Put this one’s back from your backup, or name the home that belongs to it"
        return wrong("secret", words)
    return fine("secret", "it is this database’s")


def of_room(exchange: Context) -> Finding:
    """Look how much is free where the home folder is; that too little is was said before."""
    free, database = free_bytes(exchange.home), exchange.home / DATABASE_FILE
    written = database.stat().st_size if database.exists() else 0
    words = f"{free / 1024**3:.1f} GB free where the home folder is"
    if connection.vendor == "postgresql":
        words += "; PostgreSQL’s own disk is not looked at"
    if free < max(ENOUGH_BYTES, written):
        return warned(
            "disk", f"{words}. Free some: keep 1 GB, and as much as {DATABASE_FILE} has, because an update may write it once more"
        )
    return fine("disk", words)


def of_backup(now: datetime) -> Finding:
    """Look when data were last backed up, or for how long there has been something to lose."""
    at = last_backup()
    if at is None:
        first = Case.objects.order_by("opened_at").values_list("opened_at", flat=True).first()
        is_late = first is not None and now - first > OLD
        return (wrong if is_late else warned)("backup", f"none is known of. {_BACK_UP}")
    words = f"the last was at {at:%Y-%m-%d %H:%M} UTC"
    if at > now:
        return warned("backup", f"{words}, by a clock that was ahead. Back up again")
    if now - at > FRESH:
        return (wrong if now - at > OLD else warned)("backup", f"{words}, {_ago(now - at)} ago. {_BACK_UP}")
    return _tried(now, f"{words}, {_ago(now - at)} ago")


def _tried(now: datetime, words: str) -> Finding:
    """Say of a backup that is new enough when one was last restored to try it."""
    test = last_test()
    verify = "Run `stillmine exchange backup verify`"
    if test is None:
        return warned("backup", f"{words}, and none was ever restored to try it. {verify}")
    if not test.is_passed:
        return wrong("backup", f"{words}, but trying to restore one failed. {verify}: it says why")
    if now - test.at > UNTRIED:
        return warned(
            "backup", f"{words}, and the last restored to try it {_ago(now - test.at)} ago. Run `stillmine exchange backup verify`"
        )
    return fine("backup", f"{words}, and one was restored to try it {_ago(now - test.at)} ago")


def of_attack(exchange: Context) -> Finding:
    """Look whether proof of work is needed."""
    if is_declared():
        words = "switched on: opening a case and adding to one need proof of work. When it is over: `stillmine exchange under-attack off`"
        return warned("under_attack", words)
    if is_exceeded(exchange):
        words = "more than usual is sent in, so opening a case and adding to one need proof of work; it ends by itself"
        return warned("under_attack", f"{words}. `stillmine exchange under-attack status` says why")
    return fine("under_attack", "off")


def of_portal(exchange: Context) -> Finding:
    """Look whether the ledger names the files that are in the folder now."""
    if exchange.portal is None:
        return fine("portal", "none is served")
    try:
        there = list_hash(list_of_folder(exchange.portal))
    except OSError as error:
        return wrong("portal", f"its files can’t be read ({type(error).__name__}). Copy the whole folder again")
    if newest_list() != there:
        words = (
            "the ledger names other files than those in the folder. If you changed them, restart `serve`; if not, copy all of them again"
        )
        return warned("portal", words)
    return fine("portal", "its files are those that the ledger names")


def of_version(*, is_readable: bool) -> Finding:
    """Say what this program is."""
    words = f"stillmine {version('stillmine')}, Python {platform.python_version()}"
    if connection.vendor == "sqlite":
        return fine("version", f"{words}, SQLite {sqlite3.sqlite_version}, {os.uname().sysname} {os.uname().release}")
    number = getattr(connection, "pg_version", 0) if is_readable else 0
    database = f"PostgreSQL {number // 10000}.{number % 10000}" if number else "PostgreSQL"
    return fine("version", f"{words}, {database}, {os.uname().sysname} {os.uname().release}")


def _ago(span: timedelta) -> str:
    hours = span // timedelta(hours=1)
    return f"{hours // 24} days" if hours >= 48 else f"{hours} h"
