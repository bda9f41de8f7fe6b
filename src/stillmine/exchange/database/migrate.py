# SPDX-License-Identifier: Apache-2.0
"""Bring the database up to date, or say in one sentence why that is not possible.

Nothing else may start on a database that lacks a migration: what is missing there would fail later, and quietly.
"""

from collections.abc import Callable

from django.core.management import call_command
from django.db import DatabaseError, Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from stillmine.exchange.database.earlier import is_earlier, take_over
from stillmine.exchange.ground.database_address import DATABASE_VARIABLE
from stillmine.exchange.settings.config import DATABASE_FILE, ExchangeConfig
from stillmine.exchange.settings.file import SETTINGS_FILE
from stillmine.exchange.transaction.context import Context
from stillmine.wire.errors import NotConfiguredError, StillmineError


class DatabaseDamagedError(StillmineError):
    code = "database_damaged"
    status = 503
    sentence = "The database is damaged or can't be read. Keep a copy of it as it is, and restore the newest backup into a new one."


Tell = Callable[[str, int, int], None]
"""Told the name of each migration before it is applied, which one of how many it is."""


def migrate(exchange: Context, tell: Tell = lambda *_: None) -> None:
    """Apply all migrations; raises NotConfiguredError where the database can't be used or belongs to another secret."""
    try:
        require_known()
        take_over()
        _apply(tell)
        _make_first_day_key(exchange)
    except Error as error:
        raise unusable(error) from None
    _require_own_secret(exchange)


def _apply(tell: Tell) -> None:
    executor = MigrationExecutor(connection)
    todo = [migration for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]
    for number, migration in enumerate(todo, 1):
        tell(f"{migration.app_label}.{migration.name}", number, len(todo))
        call_command("migrate", migration.app_label, migration.name, verbosity=0)


def require_ready(exchange: Context) -> None:
    """Raise NotConfiguredError where the database can't be used, lacks a migration or its first key, or belongs to another secret."""
    try:
        require_known()
        executor = MigrationExecutor(connection)
        is_behind = bool(executor.migration_plan(executor.loader.graph.leaf_nodes())) or _lacks_first_day_key()
    except Error as error:
        raise unusable(error) from None
    if is_behind:
        raise NotConfiguredError("the database is not up to date. Run: stillmine exchange migrate")
    _require_own_secret(exchange)


def require_unused(config: ExchangeConfig) -> None:
    """Raise NotConfiguredError where the database holds something already, or can't be used: a home without a secret is a new one."""
    if config.database_url is None and not (config.home / DATABASE_FILE).exists():
        return
    from stillmine.exchange.database.secret_check import require_unused_database  # noqa: PLC0415 (needs the configured apps)

    try:
        require_unused_database()
    except Error as error:
        raise unusable(error) from None


def require_known() -> None:
    """Refuse, with NotConfiguredError, a database that a newer version has changed: what it holds since would be read wrongly, or lost."""
    loader = MigrationLoader(connection)
    unknown = [key for key in loader.applied_migrations.keys() - loader.disk_migrations.keys() if not is_earlier(key[0])]
    if unknown:
        raise NotConfiguredError(
            f"the database was made by a newer version of Stillmine ({len(unknown)} change(s) that this one does not know). "
            "Install that version again; nothing was changed"
        )


def _make_first_day_key(exchange: Context) -> None:
    from stillmine.exchange.database.first_key import make_first_day_key  # noqa: PLC0415 (needs the configured apps)

    make_first_day_key(exchange)


def _lacks_first_day_key() -> bool:
    from stillmine.exchange.database.first_key import lacks_first_day_key  # noqa: PLC0415 (needs the configured apps)

    return lacks_first_day_key()


def _require_own_secret(exchange: Context) -> None:
    from stillmine.exchange.database.secret_check import require_own_secret  # noqa: PLC0415 (needs the configured apps)

    require_own_secret(exchange)


def unusable(error: Error) -> StillmineError:
    """Return what to say of a database that fails: damaged, locked or gone."""
    if connection.vendor == "sqlite" and type(error) is DatabaseError:  # SQLite's word for a file that is no whole database
        return DatabaseDamagedError()
    return NotConfiguredError(
        f"the database can't be used ({type(error).__name__}). Is it running, and is this the right one? "
        f"{SETTINGS_FILE} in the home folder names it, or {DATABASE_VARIABLE}"
    )
