# SPDX-License-Identifier: Apache-2.0
"""Write a backup from one moment of the database, while the exchange serves.

The data never holds a data key. All data keys stand in one file that each backup replaces, so that a case that was withdrawn is in no
backup any more once the next is made.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import connection, transaction
from django.db.models import QuerySet

from stillmine.exchange.backup.files import DATA, KEYS, KEYS_FILE, VERSION, Head, Line, data_file_name, write_part
from stillmine.exchange.backup.plausible import require_plausible, require_sound
from stillmine.exchange.backup.rows import data_models, key_models, migrations, rows_of
from stillmine.exchange.cases.models import Case, Fingerprint
from stillmine.exchange.context import Context
from stillmine.wire.case import CaseState, FingerprintState

WITHDRAWN = "withdrawn"
"""Stands where a table's name stands, for the ids of fingerprints that are erased: an older file of data may hold them as active."""

EXPIRED = "expired"
"""Likewise, for the cases that expired and are kept, with the time of it: an older file of data may hold them as open."""


@dataclass(frozen=True)
class Backup:
    """What was written."""

    data: Path
    keys: Path
    rows: int
    data_keys: int


def back_up(exchange: Context, folder: Path, *, may_be_fewer: bool = False) -> Backup:
    """Write both files into `folder`, the data first; raises BackupUnusableError where a data file of this second is there.

    Raises BackupRefusedError where the database is damaged, or would replace the data keys by others or far fewer (unless it may).
    """
    require_sound()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made_at = exchange.clock().replace(microsecond=0)
    data, keys = folder / data_file_name(made_at), folder / KEYS_FILE
    with _one_moment():
        require_plausible(keys, may_be_fewer=may_be_fewer)
        made_by = migrations()
        rows = write_part(data, Head(DATA, VERSION, made_at, made_by), _data_lines(), replace=False)
        try:
            lines = write_part(keys, Head(KEYS, VERSION, made_at, made_by), _key_lines(), replace=True)
        except BaseException:
            data.unlink()  # with the data keys of before it could not be restored, and would be the newest
            raise
        data_keys = lines - _erased().count() - _expired().count()
    return Backup(data, keys, rows, data_keys)


def _data_lines() -> Iterator[Line]:
    return (Line(model._meta.label, row) for model in data_models() for row in rows_of(model))


def _key_lines() -> Iterator[Line]:
    for model in key_models():
        yield from (Line(model._meta.label, row) for row in rows_of(model))
    for fingerprint_id in _erased().order_by("id").values_list("id", flat=True).iterator():
        yield Line(WITHDRAWN, {"id": fingerprint_id})
    for case, closed_at in _expired().order_by("id").values_list("id", "closed_at").iterator():
        yield Line(EXPIRED, {"case_id": case, "closed_at": closed_at.isoformat() if closed_at else None})


def _erased() -> QuerySet[Fingerprint]:
    return Fingerprint.objects.filter(state=FingerprintState.WITHDRAWN, expired_value=None)


def _expired() -> QuerySet[Case]:
    return Case.objects.filter(state=CaseState.EXPIRED, data_key__isnull=False)


@contextmanager
def _one_moment() -> Iterator[None]:
    """Read as of one moment, without keeping anyone from writing."""
    if connection.vendor == "postgresql":
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
        return
    with connection.cursor() as cursor:  # our SQLite transactions begin by taking the lock to write: this one must not
        cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")
