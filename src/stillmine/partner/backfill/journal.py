# SPDX-License-Identifier: Apache-2.0
"""What was listed and what was answered, in one SQLite file: what a run needs to go on after any end, and what results are written from.

An answer is written after its match is recorded, never before: what lies between is looked up again and is the same match. Must never
hold a fingerprint or a byte of an item.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Self

import msgspec

from stillmine.partner.backfill.item import Item
from stillmine.partner.ground.errors import BackfillRunningError, JournalUnreadableError
from stillmine.wire.screen import ScreenResult

VERSION = 1
LISTED_AT_ONCE = 1000
LOCK_ENDING = ".lock"

_TABLES = """
CREATE TABLE items (
    number     INTEGER PRIMARY KEY,                 -- the order in which they were listed first
    place      TEXT NOT NULL,
    content_id TEXT NOT NULL,
    version    TEXT NOT NULL,
    uploader   TEXT,
    seen       INTEGER NOT NULL,                    -- the listing that saw it last
    is_due     INTEGER NOT NULL DEFAULT 1,
    answered   INTEGER,                             -- the run that answered it last
    outcome    TEXT,
    result     TEXT,                                -- ScreenResult as JSON
    UNIQUE (place, content_id)
);
CREATE INDEX items_due ON items (number) WHERE is_due;
CREATE TABLE state (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    run      INTEGER NOT NULL DEFAULT 0,
    is_over  INTEGER NOT NULL DEFAULT 1,
    listing  INTEGER NOT NULL DEFAULT 0
);
INSERT INTO state (only_row) VALUES (1);
"""

_LIST = """
INSERT INTO items (place, content_id, version, uploader, seen) VALUES (:place, :content_id, :version, :uploader, :listing)
ON CONFLICT (place, content_id) DO UPDATE SET
    is_due = is_due OR version <> excluded.version
        OR (answered < :run AND (:again OR (:retry AND outcome = 'not_screened'))),
    version = excluded.version, uploader = excluded.uploader, seen = excluded.seen
"""


@dataclass(frozen=True, slots=True)
class Counts:
    """How much of what was listed last: all of it, what is answered, and of that what matched and what was not screened."""

    total: int
    done: int
    matches: int
    not_screened: int


class ResultLine(msgspec.Struct, frozen=True):
    """One line of the results."""

    place: str
    version: str
    result: ScreenResult


@dataclass(frozen=True, slots=True)
class Due:
    """An item to look up, and its number in the journal."""

    number: int
    item: Item


_RESULT = msgspec.json.Decoder(ScreenResult)


class Journal:
    """The journal of one source, held against a second run. One thread uses it."""

    def __init__(self, path: Path) -> None:
        """Open or make it; raises BackfillRunningError, JournalUnreadableError."""
        self._lock = _held(path.with_name(path.name + LOCK_ENDING))
        try:
            with suppress(FileExistsError):
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            self._db = sqlite3.connect(path, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            os.close(self._lock)
            raise JournalUnreadableError(type(error).__name__) from error
        try:
            with self._guarded():
                self._prepare()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of it."""
        self._db.close()
        os.close(self._lock)

    def list_items(self, items: Iterable[Item], *, is_again: bool = False, is_retry: bool = False) -> Iterator[int]:
        """Begin a run, or go on with one that did not end, and write down what there is; yield how many so far.

        What is not there any more is removed at the end. `is_again`: look at everything once more; `is_retry`: at what was not screened.
        """
        with self._transaction():
            self._db.execute("UPDATE state SET run = run + is_over, is_over = 0, listing = listing + 1")
        with self._guarded():
            run, listing = self._db.execute("SELECT run, listing FROM state").fetchone()
        rest, listed = iter(items), 0
        while some := list(islice(rest, LISTED_AT_ONCE)):
            with self._transaction():
                for item in some:
                    self._db.execute(_LIST, _listed(item, listing=listing, run=run, again=is_again, retry=is_retry))
            listed += len(some)
            yield listed
        with self._transaction():
            self._db.execute("DELETE FROM items WHERE seen < ?", (listing,))

    def due(self, after: int, maximum: int) -> list[Due]:
        """Return what is to be looked up, in the order of the listing, behind that number."""
        with self._guarded():
            columns = "number, place, content_id, version, uploader"
            query = f"SELECT {columns} FROM items WHERE is_due AND number > ? ORDER BY number LIMIT ?"  # noqa: S608 (no value)
            rows = self._db.execute(query, (after, maximum)).fetchall()
        return [Due(number, Item(place, content_id, version, uploader)) for number, place, content_id, version, uploader in rows]

    def answer(self, answers: Sequence[tuple[int, ScreenResult]]) -> None:
        """Write answers down, all of them or none."""
        with self._transaction():
            statement = "UPDATE items SET is_due = 0, answered = (SELECT run FROM state), outcome = ?, result = ? WHERE number = ?"
            rows = [(result.outcome, msgspec.json.encode(result).decode(), number) for number, result in answers]
            self._db.executemany(statement, rows)

    def end_run(self) -> None:
        """Say that everything due was looked up."""
        with self._transaction():
            self._db.execute("UPDATE state SET is_over = 1")

    def counts(self) -> Counts:
        """Return how much there is."""
        query = (
            "SELECT count(*), coalesce(sum(NOT is_due), 0), coalesce(sum(NOT is_due AND outcome = 'match'), 0), "
            "coalesce(sum(NOT is_due AND outcome = 'not_screened'), 0) FROM items"
        )
        with self._guarded():
            return Counts(*self._db.execute(query).fetchone())

    def results(self) -> Iterator[ResultLine]:
        """Yield every answer, in the order of places."""
        with self._guarded():
            query = "SELECT place, version, result FROM items WHERE result IS NOT NULL ORDER BY place, content_id"
            for place, version, result in self._db.execute(query):
                yield ResultLine(place, version, _RESULT.decode(result))

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version not in (0, VERSION):
            raise JournalUnreadableError("version")
        if version == 0:
            with self._transaction():
                for statement in _TABLES.split(";\n"):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version = {VERSION}")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._guarded():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise JournalUnreadableError(type(error).__name__) from error


def _listed(item: Item, **numbers: int) -> dict[str, str | int | None]:
    return {"place": item.place, "content_id": item.content_id, "version": item.version, "uploader": item.uploader, **numbers}


def _held(path: Path) -> int:
    """Return a descriptor that holds the journal for as long as this process lives."""
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise JournalUnreadableError(type(error).__name__) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise BackfillRunningError from None
    return descriptor
