# SPDX-License-Identifier: Apache-2.0
"""Rows of any table as JSON and back, the same for both databases, in an order in which each row's parents come first.

What is here must know no table by name but those that are left out, so that a table that is added later is backed up too.
"""

import base64
from collections.abc import Iterator
from datetime import date, datetime
from typing import cast

from django.apps import apps
from django.db import connection, models
from django.db.migrations.recorder import MigrationRecorder

from stillmine.exchange.backup.files import Row
from stillmine.exchange.database.earlier import lacks_only_what_was_added
from stillmine.exchange.rows.asks import AskVariety, PlacesTold
from stillmine.exchange.rows.backups import BackupFolder
from stillmine.exchange.rows.clock import ClockState
from stillmine.exchange.rows.console import Session
from stillmine.exchange.rows.erasure import HeldUp
from stillmine.exchange.rows.intake import CountedUpload
from stillmine.exchange.rows.keys import DayKey, FingerprintDataKey, TombstoneDataKey
from stillmine.exchange.rows.limits import Attempts

LEFT_OUT: frozenset[type[models.Model]] = frozenset(
    {Attempts, Session, ClockState, CountedUpload, AskVariety, PlacesTold, BackupFolder, HeldUp}
)
"""Gone soon anyway; a session that was ended must not come back; another machine has another clock, other folders and readers."""

KEYS: frozenset[type[models.Model]] = frozenset({DayKey, FingerprintDataKey, TombstoneDataKey})
"""In a file of their own, wrapped."""

_AT_ONCE = 500


def data_models() -> list[type[models.Model]]:
    """Return the tables of the data."""
    return _parents_first([model for model in apps.get_models() if model not in LEFT_OUT | KEYS])


def table_name(model: type[models.Model]) -> str:
    """Return the name of a table in backups, such as `cases.Case`: what belongs together, and the row."""
    return f"{'keys' if model in KEYS else model._meta.db_table.rpartition('_')[0]}.{model.__name__}"


def are_ours(made_by: list[str]) -> bool:
    """Return whether tables that these migrations made are as they are here, but for what is new here."""
    return lacks_only_what_was_added(made_by, migrations())


def migrations() -> list[str]:
    """Return which migrations made the tables as they are."""
    return sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations())


def rows_of(model: type[models.Model]) -> Iterator[Row]:
    """Return every row, by its primary key."""
    fields = model._meta.concrete_fields
    names = [field.attname for field in fields]
    for cells in model._default_manager.order_by("pk").values_list(*names).iterator(_AT_ONCE):
        yield {name: _to_json(cell) for name, cell in zip(names, cells, strict=True)}


def made_of(model: type[models.Model], row: Row) -> models.Model:
    """Return a row as it was, with the defaults of columns that are newer; raises ValueError where it is not of this table."""
    fields = model._meta.concrete_fields
    missing = {field.attname for field in fields if field.attname not in row and field.has_db_default()}
    if row.keys() | missing != {field.attname for field in fields}:
        raise ValueError("other columns")
    return model(**{field.attname: _from_json(field, row[field.attname]) for field in fields if field.attname in row})


def _to_json(cell: object) -> object:
    if isinstance(cell, bytes | memoryview):
        return base64.b64encode(bytes(cell)).decode()
    return cell.isoformat() if isinstance(cell, date) else cell  # a datetime is a date too


def _from_json(field: "models.Field[object, object]", cell: object) -> object:
    if cell is None:
        return None
    if isinstance(field, models.BinaryField):
        return base64.b64decode(cast(str, cell), validate=True)
    if isinstance(field, models.DateTimeField):
        return datetime.fromisoformat(cast(str, cell))
    if isinstance(field, models.DateField):
        return date.fromisoformat(cast(str, cell))
    return cell


def _parents_first(wanted: list[type[models.Model]]) -> list[type[models.Model]]:
    ordered: list[type[models.Model]] = []
    waiting = list(wanted)
    while waiting:
        ready = [model for model in waiting if not (_parents(model) & set(waiting)) - {model}]
        if not ready:
            raise ValueError("tables refer to each other in a circle")
        ordered += ready
        waiting = [model for model in waiting if model not in ready]
    return ordered


def _parents(model: type[models.Model]) -> set[type[models.Model]]:
    return {cast(type[models.Model], field.related_model) for field in model._meta.concrete_fields if field.is_relation}
