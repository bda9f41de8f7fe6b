# SPDX-License-Identifier: Apache-2.0
"""Whether values that were erased still stand somewhere in the store's file, where SQLite has moved rows about.

`secure_delete` overwrites a row that is deleted, not what is left of it where a page was split or merged while it was there: about one
value in a thousand stays. So the file is looked through, and rewritten where anything is found. Must never keep values for longer.
"""

import os
import sqlite3
from collections.abc import Collection, Iterable
from pathlib import Path

MOST_LOOKED_FOR = 16
"""Looking for one takes about as long as reading the file once; for more, rewriting the file is quicker."""

READ_BYTES = 16 * 1024 * 1024

MARK_BYTES = 32
"""So many first bytes of a value tell it from any other."""


class Leftovers:
    """What to look for; `is_unknown` where a process that died did not leave what it had erased, or where it was too much."""

    def __init__(self, is_unknown: bool) -> None:
        self.is_unknown = is_unknown
        self._marks: set[bytes] = set()

    def add(self, values: Iterable[bytes | str]) -> None:
        """Remember values that are erased now."""
        self._marks.update((value.encode() if isinstance(value, str) else value)[:MARK_BYTES] for value in values)
        if len(self._marks) > MOST_LOOKED_FOR:
            self.is_unknown = True
            self._marks.clear()

    def may_be_in(self, file: "StoreFile") -> bool:
        """True where the file holds any of them, or where nobody knows. What is in SQLite's log must be in the file before."""
        return self.is_unknown or file.holds_any(self._marks)


class StoreFile:
    """The store's file, to be looked through; open for as long as the connection is.

    Closing any descriptor of a file drops every lock that this process has on it (POSIX), SQLite's too. A command beside the service would
    then think that nobody uses the store, and take its log away: what either writes from then on, the other never sees, and loses.
    """

    def __init__(self, path: Path) -> None:
        # No file object: one that is collected before the connection is closed would close it.
        self._descriptor: int | None = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def close(self) -> None:
        """Close it, after the connection."""
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None

    def holds_any(self, marks: Collection[bytes]) -> bool:
        """Return whether any of these stands anywhere in it."""
        place = 0
        while marks and self._descriptor is not None and (part := os.pread(self._descriptor, READ_BYTES, place)):
            if any(mark in part for mark in marks):
                return True
            if len(part) <= MARK_BYTES:
                return False
            place += len(part) - MARK_BYTES  # a mark may begin in one part and end in the next
        return False


def empty_log(db: sqlite3.Connection) -> bool:
    """Empty SQLite's log into the file; False where a reader is in the way."""
    (is_busy, _, _) = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not is_busy


def write_anew(db: sqlite3.Connection) -> bool:
    """Rewrite the whole file, so that it holds rows and nothing beside them; False where that needs another try."""
    try:
        db.execute("VACUUM")
    except sqlite3.OperationalError:
        return False
    return empty_log(db)
