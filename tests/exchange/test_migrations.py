# SPDX-License-Identifier: Apache-2.0
"""The committed migrations are the models, and run on the database of this test run."""

from io import StringIO

from stillmine.exchange.database.earlier import FIRST, ONLY_ADDED
from stillmine.exchange.transaction.context import Context


def test_models_and_migrations_agree(exchange: Context) -> None:
    from django.core.management import call_command

    call_command("makemigrations", check=True, dry_run=True, stdout=StringIO())


def test_all_migrations_are_applied_and_can_be_applied_again(exchange: Context) -> None:
    from django.core.management import call_command

    plan = StringIO()
    call_command("migrate", verbosity=0)
    call_command("showmigrations", "--plan", stdout=plan)
    lines = [line for line in plan.getvalue().splitlines() if line.strip()]
    assert lines
    assert all(line.startswith("[X]") for line in lines)


def test_a_backup_of_before_is_restored_without_any_later_migration(exchange: Context) -> None:
    """One that does more than add has to take earlier backups over in another way, and to be named here with it."""
    from stillmine.exchange.backup.rows import migrations

    later = {name for name in migrations() if name != ".".join(FIRST)}
    assert later
    assert later == ONLY_ADDED


def test_the_database_keeps_what_a_withdrawal_needs(exchange: Context) -> None:
    """SQLite: erased values are overwritten, commits reach the disk, readers don't wait."""
    from django.db import connection

    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        found = {}
        for pragma in ("secure_delete", "synchronous", "journal_mode", "foreign_keys"):
            cursor.execute(f"PRAGMA {pragma}")
            found[pragma] = cursor.fetchone()[0]
    assert found == {"secure_delete": 1, "synchronous": 2, "journal_mode": "wal", "foreign_keys": 1}
