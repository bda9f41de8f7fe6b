# SPDX-License-Identifier: Apache-2.0
"""Bring the database up to date, or say in one sentence why that is not possible.

Nothing else may start on a database that lacks a migration: what is missing there would fail later, and quietly.
"""

from django.core.management import call_command
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor

from stillmine.exchange.config import DATABASE_VARIABLE
from stillmine.wire.errors import NotConfiguredError


def migrate() -> None:
    """Apply all migrations; raises NotConfiguredError where the database can't be used."""
    try:
        call_command("migrate", verbosity=0)
    except Error as error:
        raise _unusable(error) from None


def require_migrated() -> None:
    """Raise NotConfiguredError where the database can't be used or lacks a migration."""
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error as error:
        raise _unusable(error) from None
    if plan:
        raise NotConfiguredError("the database is not up to date. Run: stillmine exchange migrate")


def _unusable(error: Error) -> NotConfiguredError:
    return NotConfiguredError(f"the database can't be used ({type(error).__name__}); {DATABASE_VARIABLE} or the home folder names it")
