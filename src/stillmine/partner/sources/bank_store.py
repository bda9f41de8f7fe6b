# SPDX-License-Identifier: Apache-2.0
"""A bank: the platform's own fingerprints, in one SQLite file (0600) of its own.

Commands change it beside a running service, which sees that before the next upload. Nothing of it is ever sent anywhere, and what is
removed is overwritten.
"""

import contextlib
import hashlib
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from stillmine.partner.ground.errors import StoreUnreadableError
from stillmine.wire.kinds import Kind

FILE_NAME = "bank.sqlite3"
VERSION = 2
ID_BYTES = 16
BUSY_TIMEOUT_MILLISECONDS = 5000

_ID_LABEL = b"stillmine/bank-id/v1"
_TABLES = """
CREATE TABLE entries (
    id           BLOB PRIMARY KEY CHECK (length(id) = 16),   -- made of kind and value
    kind         TEXT NOT NULL,
    value        BLOB NOT NULL,                              -- in compact form
    note         TEXT NOT NULL DEFAULT '',                   -- for people
    added_minute INTEGER NOT NULL                            -- Unix minutes
) WITHOUT ROWID
"""
_CONTENTS = """
CREATE TABLE contents (
    number       INTEGER PRIMARY KEY AUTOINCREMENT,          -- as HMA's clients name it, never used again
    holder       TEXT NOT NULL,                              -- the bank of HMA's face that it is in
    note         TEXT NOT NULL,                              -- for people
    about        TEXT NOT NULL,                              -- JSON: what a client says of it
    added_minute INTEGER NOT NULL                            -- Unix minutes
);
CREATE INDEX contents_of_holder ON contents (holder);
CREATE TABLE content_entries (
    place        INTEGER PRIMARY KEY,                        -- the order in which they were made
    number       INTEGER NOT NULL,                           -- of the content
    entry_id     BLOB NOT NULL                               -- of the fingerprint, which several contents may have
);
CREATE INDEX entries_of_content ON content_entries (number);
CREATE INDEX contents_of_entry ON content_entries (entry_id)
"""
"""Since version 2."""


@dataclass(frozen=True, slots=True)
class BankEntry:
    """One fingerprint of a bank."""

    id: bytes
    kind: Kind
    value: bytes
    note: str
    added_at: datetime


def entry_id(kind: Kind, value: bytes) -> bytes:
    """Return the id of an entry: the same for the same value in compact form."""
    return hashlib.sha256(b"\0".join((_ID_LABEL, kind.encode(), value))).digest()[:ID_BYTES]


class BankStore:
    """The file of one bank. Safe to use from several threads and processes; each method raises StoreUnreadableError."""

    def __init__(self, folder: Path) -> None:
        """Open the bank in this folder, which is there, or make it."""
        self._lock = threading.RLock()
        self._own_changes = 0
        self._db = _opened(folder / FILE_NAME)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def add(self, entries: Sequence[tuple[Kind, bytes]], note: str, minute: int) -> list[bytes]:
        """Add values in compact form; those that are there stay as they are. Returns the ids of all."""
        with self.transaction() as db:
            return put_entries(db, entries, note, minute)

    def remove(self, ids: Sequence[bytes]) -> int:
        """Remove entries; returns how many were there."""
        with self.transaction() as db:
            count = sum(db.execute("DELETE FROM entries WHERE id = ?", (id,)).rowcount for id in ids)
        self.empty_log()
        return count

    def empty_log(self) -> None:
        """Empty SQLite's log, which may hold what was removed."""
        with self._lock, contextlib.suppress(sqlite3.Error):
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def entries(self) -> list[BankEntry]:
        """Return all of it, oldest first."""
        with self.reading() as db:
            rows = db.execute("SELECT id, kind, value, note, added_minute FROM entries ORDER BY added_minute, id").fetchall()
        return [BankEntry(id, Kind(kind), value, note, datetime.fromtimestamp(60 * minute, UTC)) for id, kind, value, note, minute in rows]

    def ids(self) -> set[bytes]:
        """Return the ids of all entries."""
        with self.reading() as db:
            return {id for (id,) in db.execute("SELECT id FROM entries").fetchall()}

    def mark(self) -> tuple[int, int]:
        """Return what is another one after each change, whoever made it."""
        with self.reading() as db:
            (version,) = db.execute("PRAGMA data_version").fetchone()
            return version, self._own_changes

    def with_ids(self, ids: Sequence[bytes]) -> list[tuple[bytes, Kind, bytes]]:
        """Return (id, kind, value) of these that are there."""
        with self.reading() as db:
            rows = [db.execute("SELECT id, kind, value FROM entries WHERE id = ?", (id,)).fetchone() for id in ids]
        return [(row[0], Kind(row[1]), row[2]) for row in rows if row is not None]

    def values_of(self, ids: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the values of these that are there by their ids."""
        return {id: value for id, _, value in self.with_ids(ids)}

    @contextmanager
    def held_still(self) -> Iterator[Callable[[Sequence[bytes]], dict[bytes, bool]]]:
        """Hold the bank as it is; yields what returns which of some ids are there. None is flagged."""
        with self.transaction(is_change=False):
            yield lambda ids: {id: False for id, _, _ in self.with_ids(ids)}

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection to read; raises StoreUnreadableError."""
        with self._lock:
            try:
                yield self._db
            except sqlite3.Error as error:
                raise StoreUnreadableError(type(error).__name__) from error

    @contextmanager
    def transaction(self, *, is_change: bool = True) -> Iterator[sqlite3.Connection]:
        """Yield the connection in a transaction, which happens whole or not at all; raises StoreUnreadableError."""
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield self._db
                self._db.execute("COMMIT")
                self._own_changes += is_change
            except sqlite3.Error as error:
                raise StoreUnreadableError(type(error).__name__) from error
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")


def put_entries(db: sqlite3.Connection, entries: Sequence[tuple[Kind, bytes]], note: str, minute: int) -> list[bytes]:
    """Put values that are not there yet, in a transaction; return the ids of all."""
    rows = [(entry_id(kind, value), kind.value, value, note, minute) for kind, value in entries]
    db.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING", rows)
    return [row[0] for row in rows]


def _opened(path: Path) -> sqlite3.Connection:
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MILLISECONDS}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("BEGIN IMMEDIATE")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            connection.execute(_TABLES)
        if version in (0, 1):
            for statement in _CONTENTS.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        connection.close()
        raise StoreUnreadableError(FILE_NAME) from error
    if version not in range(VERSION + 1):
        connection.close()
        raise StoreUnreadableError(f"{FILE_NAME} has version {version}, this program knows {VERSION}")
    return connection
