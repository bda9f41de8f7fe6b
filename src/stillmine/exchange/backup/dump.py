# SPDX-License-Identifier: Apache-2.0
"""Write a backup from one moment of the database, while the exchange serves.

The data never holds a data key. All data keys stand in one file that each backup replaces, so that what was withdrawn is in no
backup any more once the next is made.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import connection, transaction
from django.db.models import QuerySet

from stillmine.exchange.backup.data_keys import key_lines
from stillmine.exchange.backup.errors import BackupRefusedError, BackupUnusableError
from stillmine.exchange.backup.files import (
    DATA,
    EXPIRED,
    KEYS,
    KEYS_FILE,
    VERSION,
    WITHDRAWN,
    Head,
    Line,
    Part,
    clear_left,
    data_file_name,
    encoded,
    read_part,
    write_part,
)
from stillmine.exchange.backup.folders import begin_folder, complain, forget_folder, note_folder, of_another_day
from stillmine.exchange.backup.increments import LARGE_BYTES, base_for, increment_head, increment_lines, increment_name
from stillmine.exchange.backup.plausible import require_plausible, require_sound
from stillmine.exchange.backup.rows import data_models, migrations, rows_of, table_name
from stillmine.exchange.protection.kept_cases import kept_cases
from stillmine.exchange.rows.backups import BackupFolder
from stillmine.exchange.rows.cases import Case, Fingerprint
from stillmine.exchange.transaction.context import Context
from stillmine.wire.case import FingerprintState
from stillmine.wire.errors import NotConfiguredError


@dataclass(frozen=True)
class Backup:
    """What was written."""

    data: Path
    keys: Path
    rows: int
    data_keys: int


def back_up(
    exchange: Context, folder: Path, *, may_be_fewer: bool = False, is_whole: bool = False, large_bytes: int = LARGE_BYTES
) -> Backup:
    """Write both files into `folder`, the data first; raises BackupUnusableError where a data file of this second is there.

    The data are an increment where the newest whole file of the folder is large, unless `is_whole`.

    Raises BackupRefusedError where the database is damaged, or would replace the data keys by others or far fewer (unless it may).
    """
    require_sound()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made_at = exchange.clock().replace(microsecond=0)
    keys = folder / KEYS_FILE
    with exchange.day_keys.unchanged():
        clear_left(folder)
        with one_moment():
            require_plausible(keys, may_be_fewer=may_be_fewer)
        with _known_folder(exchange, folder, made_at), one_moment():
            made_by = migrations()
            base = None if is_whole else base_for(folder, made_at, made_by, large_bytes)
            data, rows = _write_data(folder, Head(DATA, VERSION, made_at, made_by), base)
            try:
                lines = write_part(keys, Head(KEYS, VERSION, made_at, made_by), _key_lines(exchange), replace=True)
            except BaseException:
                data.unlink()  # with the data keys of before it could not be restored, and would be the newest
                raise
            data_keys = lines - _erased().count() - _expired().count()
    note_folder(exchange, folder, made_at, has_data=True)
    return Backup(data, keys, rows, data_keys)


def back_up_keys(exchange: Context, folder: Path, *, may_be_fewer: bool = False) -> None:
    """Replace the data keys in a folder that holds no data; raises as `back_up` does."""
    require_sound()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made_at, keys = exchange.clock().replace(microsecond=0), folder / KEYS_FILE
    with exchange.day_keys.unchanged():
        clear_left(folder)
        with one_moment():
            require_plausible(keys, may_be_fewer=may_be_fewer)
        with _known_folder(exchange, folder, made_at), one_moment():
            write_part(keys, Head(KEYS, VERSION, made_at, migrations()), _key_lines(exchange), replace=True)
    note_folder(exchange, folder, made_at, has_data=False)


def renew_backups(exchange: Context) -> int:
    """Replace the data keys that are of another day, in all folders that are at hand; returns in how many."""
    return sum(_renew(exchange, row) for row in of_another_day(exchange))


def _renew(exchange: Context, row: BackupFolder) -> bool:
    keys, made_at = Path(row.folder) / KEYS_FILE, exchange.clock().replace(microsecond=0)
    try:
        with exchange.day_keys.unchanged():
            clear_left(keys.parent)
        read_part(keys, KEYS)  # if there is none, the disk may be away, and this is the place where it will be
        require_sound()
        with exchange.day_keys.unchanged(), one_moment():
            require_plausible(keys, may_be_fewer=False)
            write_part(keys, Head(KEYS, VERSION, made_at, migrations()), _key_lines(exchange), replace=True)
    except (BackupUnusableError, BackupRefusedError, NotConfiguredError) as error:
        complain(exchange, row, error.detail)
        return False
    note_folder(exchange, keys.parent, made_at, has_data=False)
    return True


def _write_data(folder: Path, head: Head, base: Part | None) -> tuple[Path, int]:
    """Write all rows, or what is not in `base`; return where, and how many rows there are."""
    counted = Counted(_data_lines())
    if base is None:
        path = folder / data_file_name(head.made_at)
        write_part(path, head, counted, replace=False)
    else:
        path = folder / increment_name(head.made_at)
        write_part(path, increment_head(head, base), increment_lines(base, counted), replace=False)
    return path, counted.count


class Counted:
    """Lines, and how many went by."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = lines
        self.count = 0

    def __iter__(self) -> Iterator[bytes]:
        for line in self._lines:
            self.count += 1
            yield line


def _data_lines() -> Iterator[bytes]:
    return (encoded(Line(table_name(model), row)) for model in data_models() for row in rows_of(model))


def _key_lines(exchange: Context) -> Iterator[bytes]:
    return map(encoded, _keys(exchange))


def _keys(exchange: Context) -> Iterator[Line]:
    yield from key_lines(exchange)
    for fingerprint_id in _erased().order_by("id").values_list("id", flat=True).iterator():
        yield Line(WITHDRAWN, {"id": fingerprint_id})
    for case, closed_at in _expired().order_by("id").values_list("id", "closed_at").iterator():
        yield Line(EXPIRED, {"case_id": case, "closed_at": closed_at.isoformat() if closed_at else None})


def _erased() -> QuerySet[Fingerprint]:
    return Fingerprint.objects.filter(state=FingerprintState.WITHDRAWN, expired_value=None)


def _expired() -> QuerySet[Case]:
    return kept_cases()


@contextmanager
def _known_folder(exchange: Context, folder: Path, now: datetime) -> Iterator[None]:
    """Know the folder before data keys are in it; where a new one got none, it is forgotten."""
    is_new = begin_folder(exchange, folder, now)
    try:
        yield
    except BaseException:
        if is_new and not (folder / KEYS_FILE).exists():
            forget_folder(exchange, folder)
        raise


@contextmanager
def one_moment() -> Iterator[None]:
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
