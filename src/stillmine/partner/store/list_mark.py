# SPDX-License-Identifier: Apache-2.0
"""Which list a store holds: a random mark, renewed with whatever changes it, so that a copy can be told from one of another moment.

Random, not counted: a store that was put back from a copy of its file would count to the same number with another list. Must be renewed in
the transaction that changes the list.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from stillmine.partner.ground.errors import StoreUnreadableError
from stillmine.partner.store.schema import open_database
from stillmine.wire.kinds import Kind

ROWS_AT_ONCE = 50_000


class Rows(NamedTuple):
    """Some rows of the list, of one kind: ids and values one for one."""

    kind: Kind
    ids: list[bytes]
    values: list[bytes]


class ListRead(NamedTuple):
    """A list as it is at one moment."""

    mark: bytes
    active: int
    flagged: list[bytes]
    rows: Iterator[Rows]


def renew_mark(db: sqlite3.Connection) -> None:
    """Say that the list is another one."""
    db.execute("UPDATE place SET list_mark = randomblob(16)")


def mark_of(db: sqlite3.Connection) -> bytes:
    """Return the mark of what is held."""
    (mark,) = db.execute("SELECT list_mark FROM place").fetchone()
    return bytes(mark)


def all_rows(db: sqlite3.Connection) -> Iterator[Rows]:
    """Yield everything active, kind by kind."""
    for (kind,) in db.execute("SELECT DISTINCT kind FROM fingerprints WHERE state = 'active'").fetchall():
        query = "SELECT id, value FROM fingerprints WHERE state = 'active' AND kind = ?"
        with closing(db.execute(query, (kind,))) as found:
            while some := found.fetchmany(ROWS_AT_ONCE):
                ids, values = zip(*some, strict=True)
                yield Rows(Kind(kind), list(ids), [value.encode() if isinstance(value, str) else value for value in values])


class ListReader:
    """Reads the whole list of one home folder over a connection of its own, so that nobody waits for it. Read it to its end, and soon.

    A reader that stays keeps erased values in SQLite's log.
    """

    def __init__(self, folder: Path) -> None:
        """Raises StoreUnreadableError."""
        self._db = open_database(folder)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def read(self) -> ListRead:
        """Return everything active; raises StoreUnreadableError, while it is read too."""
        try:
            self._db.execute("BEGIN")
            mark = mark_of(self._db)
            (count,) = self._db.execute("SELECT count(*) FROM fingerprints WHERE state = 'active'").fetchone()
            flagged = [row[0] for row in self._db.execute("SELECT id FROM flagged")]
        except sqlite3.Error as error:
            raise StoreUnreadableError(type(error).__name__) from error
        return ListRead(mark, count, flagged, self._rows())

    def _rows(self) -> Iterator[Rows]:
        try:
            yield from all_rows(self._db)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise StoreUnreadableError(type(error).__name__) from error
