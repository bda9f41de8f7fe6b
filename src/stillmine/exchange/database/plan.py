# SPDX-License-Identifier: Apache-2.0
"""What `migrate` would do to a database, and about how long that takes here. Only reads.

The time comes from how fast this machine reads rows of the tables that are changed: SQLite copies a table for most changes, so each of its
rows is read once and written once, which is taken to be three times a read.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations import AddField, AlterField, RemoveField, RunPython, RunSQL

from stillmine.exchange.database.earlier import FIRST, is_last_of_before

READ_ROWS = 10_000
"""Of each table, to see how fast it goes."""

COPY_TO_READ = 3.0


@dataclass(frozen=True)
class Step:
    """One migration: how many rows are in each table that it changes, in about how many seconds, and whether it has code of its own.

    What such code takes is not known before.
    """

    name: str
    rows: dict[str, int]
    seconds: float
    has_code: bool


def plan(clock: Callable[[], float] = time.perf_counter) -> list[Step]:
    """Return what is to be applied, in order; `clock` counts seconds."""
    executor = MigrationExecutor(connection)
    applied = executor.loader.applied_migrations
    if is_last_of_before([f"{app}.{name}" for app, name in applied]):  # `migrate` takes it over first
        applied[FIRST] = executor.loader.disk_migrations[FIRST]
    todo = [migration for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]
    there = set(connection.introspection.table_names())
    known: dict[str, tuple[int, float]] = {}
    steps = []
    for migration in todo:
        state = executor.loader.project_state([(migration.app_label, migration.name)])
        tables = [table for table in _tables(migration, state) if table in there]
        for table in tables:
            known.setdefault(table, _measured(table, clock))
        has_code = any(isinstance(operation, RunPython | RunSQL) for operation in migration.operations)
        rows = {table: known[table][0] for table in tables}
        steps.append(Step(f"{migration.app_label}.{migration.name}", rows, sum(known[table][1] for table in tables), has_code))
    return steps


def _tables(migration: Migration, state: object) -> list[str]:
    """Return the tables whose columns a migration changes, once for each change."""
    models = state.apps  # type: ignore[attr-defined]
    changed = [operation for operation in migration.operations if isinstance(operation, AddField | AlterField | RemoveField)]
    return list(dict.fromkeys(models.get_model(migration.app_label, operation.model_name)._meta.db_table for operation in changed))


def _measured(table: str, clock: Callable[[], float]) -> tuple[int, float]:
    """Return how many rows a table has, and in about how many seconds it is copied."""
    name = connection.ops.quote_name(table)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM {name}")  # noqa: S608 (a table of ours)
        rows = int(cursor.fetchone()[0])
        began = clock()
        cursor.execute(f"SELECT * FROM {name} LIMIT {READ_ROWS}")  # noqa: S608 (a table of ours)
        read = len(cursor.fetchall())
        seconds = clock() - began
    return rows, 0.0 if read == 0 else COPY_TO_READ * seconds * rows / read
