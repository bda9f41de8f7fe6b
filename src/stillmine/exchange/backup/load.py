# SPDX-License-Identifier: Apache-2.0
"""Put a backup back into an empty database, whole or not at all, and do again what people withdrew since it was made.

Data are older than data keys or as old. A fingerprint without its data key was withdrawn since: it is withdrawn here
too, and its tombstone goes to partners. Nothing of it is or becomes readable.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TypeVar

from django.core.management.color import no_style
from django.db import IntegrityError, connection, models

from stillmine.exchange.backup import data_keys
from stillmine.exchange.backup.errors import BackupUnusableError, DatabaseNotEmptyError
from stillmine.exchange.backup.files import EXPIRED, KEYS, KEYS_FILE, WITHDRAWN, Line, Part, read_part
from stillmine.exchange.backup.increments import Increment, newest_data_file, read_data
from stillmine.exchange.backup.rows import are_ours, data_models, made_of, table_name
from stillmine.exchange.backup.since import bring_back_again, close_again, expire_again, withdraw_again
from stillmine.exchange.clock.actions import begin_at
from stillmine.exchange.database.secret_check import has_own_secret
from stillmine.exchange.erasure.day_turn import begin_day_anew
from stillmine.exchange.keys.seal import SealedValueError
from stillmine.exchange.protection.data_keys import DATA_KEYS
from stillmine.exchange.protection.withdrawal import restart_delays
from stillmine.exchange.protection.wrapping import wrapping_key
from stillmine.exchange.rows.cases import Fingerprint
from stillmine.exchange.rows.feed import Head, PendingTombstone
from stillmine.exchange.rows.keys import FingerprintDataKey, TombstoneDataKey
from stillmine.exchange.rows.log import LedgerHead
from stillmine.exchange.rows.secret_check import SecretCheck
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import Transaction, tx

MADE_BY_MIGRATIONS: tuple[type[models.Model], ...] = (Head, LedgerHead, SecretCheck)
"""Tables that an empty database has rows in."""

_AT_ONCE = 200

Item = TypeVar("Item")


@dataclass(frozen=True)
class Restored:
    """What was put back, and what was withdrawn or ended since the data were written.

    `asked_anew` counts what was asked for and waits for its date, which begins again. `is_log_behind` where the ledger should have been
    published since: then what was recorded since the backup is missing from what was signed.
    """

    rows: int
    data_keys: int
    cases_closed: int
    fingerprints_withdrawn: int
    asked_anew: int
    is_log_behind: bool


def restore(exchange: Context, folder: Path, data_file: Path | None = None) -> Restored:
    """Restore the newest data file of a folder, or the one named, with the folder's data keys.

    Raises DatabaseNotEmptyError, BackupUnusableError, or NotConfiguredError where a key-encryption key is missing or the secret is another.
    """
    data = read_data(data_file or newest_data_file(folder))
    keys = read_part(folder / KEYS_FILE, KEYS)
    _require_same_version(data, keys)
    with tx("backup.restore", exchange.clock) as transaction:
        require_empty()
        begin_day_anew(exchange, transaction)
        for model in MADE_BY_MIGRATIONS:
            model._default_manager.all().delete()
        try:
            rows = sum(_load(data_models(), data.lines()))
            loaded = sum(_load_keys(exchange, transaction, keys))
            connection.check_constraints()
        except SealedValueError as error:
            raise BackupUnusableError(f"a data key that does not open with its key-encryption key: {error}") from None
        except (ValueError, TypeError, KeyError, IntegrityError) as error:
            raise BackupUnusableError(f"rows that don't fit these tables ({type(error).__name__})") from None
        begin_at(transaction, keys.head.made_at)  # what this restore writes is no witness of the time
        _number_on()  # before anything of this restore's own is written: it must not take the numbers of what came back
        has_own_secret(exchange)
        PendingTombstone.objects.filter(data_key=None).delete()
        expired = _expired(keys)
        bring_back_again(exchange, transaction, expired)
        withdrawn = sum(withdraw_again(exchange, transaction, batch) for batch in _batches(_withdrawn_ids(keys)))
        closed = expire_again(exchange, transaction, expired) + close_again(exchange, transaction)
        asked = restart_delays(transaction)
        is_log_behind = LedgerHead.objects.filter(next_at__lte=exchange.clock()).exists()
    return Restored(rows, loaded, closed, withdrawn, asked, is_log_behind)


def _require_same_version(data: Part | Increment, keys: Part) -> None:
    if keys.head.made_at < data.head.made_at:
        raise BackupUnusableError(
            f"the data keys are older than {data.path}, and what was opened in between would be lost. Name an older file with --data"
        )
    for part in (data, keys):
        if not are_ours(part.head.migrations):
            raise BackupUnusableError(f"{part.path}: of another version of this software. Restore with that version, then migrate")


def require_empty() -> None:
    for model in (*data_models(), *DATA_KEYS):
        if model not in MADE_BY_MIGRATIONS and model._default_manager.exists():
            raise DatabaseNotEmptyError


def _load(allowed: list[type[models.Model]], lines: Iterable[Line]) -> Iterator[int]:
    by_label = {table_name(model): model for model in allowed}
    for batch in _batches(lines):
        by_table: dict[str, list[models.Model]] = {}
        for line in batch:
            by_table.setdefault(line.table, []).append(made_of(by_label[line.table], line.row))
        for table, rows in by_table.items():
            by_label[table]._default_manager.bulk_create(rows)
        yield len(batch)


def _load_keys(exchange: Context, transaction: Transaction, keys: Part) -> Iterator[int]:
    """Rewrap what is there; leave out the keys of what was added after the data were written, and of a tombstone that is not in them."""
    columns: dict[str, tuple[str, type[models.Model]]] = {
        table_name(FingerprintDataKey): ("fingerprint_id", Fingerprint),
        table_name(TombstoneDataKey): ("tombstone_id", PendingTombstone),
    }
    today = wrapping_key(exchange, transaction)
    for batch in _batches(line for line in keys.lines() if line.table not in {WITHDRAWN, EXPIRED}):
        for table, (column, model) in columns.items():
            lines = [line for line in batch if line.table == table]
            there = set(model._default_manager.filter(pk__in=[line.row[column] for line in lines]).values_list("pk", flat=True))
            rows = [data_keys.made_of(exchange, today, line) for line in lines if line.row[column] in there]
            data_keys.BY_LABEL[table]._default_manager.bulk_create(rows)
            yield len(rows)


def _withdrawn_ids(keys: Part) -> Iterator[str]:
    return (str(line.row["id"]) for line in keys.lines() if line.table == WITHDRAWN)


def _expired(keys: Part) -> dict[int, datetime]:
    lines = (line.row for line in keys.lines() if line.table == EXPIRED)
    return {int(str(row["case_id"])): datetime.fromisoformat(str(row["closed_at"])) for row in lines}


def _number_on() -> None:
    """Let the database's own numbering go on after the highest number (PostgreSQL; SQLite does so by itself)."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), data_models()):
            cursor.execute(statement)


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    waiting = iter(items)
    while batch := list(islice(waiting, _AT_ONCE)):
        yield batch
