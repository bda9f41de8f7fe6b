# SPDX-License-Identifier: Apache-2.0
"""A connection to the store beside that of the list and matches, so that what is slow here holds up no upload."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from stillmine.partner.ground.errors import StoreUnreadableError
from stillmine.partner.store.schema import open_database


class OwnConnection:
    """One connection to the store of a home folder. Safe to use from several threads and processes."""

    def __init__(self, folder: Path) -> None:
        """Open the store that is there, or make it; raises StoreUnreadableError."""
        self._db = open_database(folder)
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """Hold the lock and a transaction that writes; roll back on any error.

        It takes the file's lock at once, waiting for others: one that read first would fail without waiting if another wrote meanwhile.
        """
        return self._held("BEGIN IMMEDIATE")

    def reading(self) -> AbstractContextManager[sqlite3.Connection]:
        """Hold the lock and a transaction that only reads: it waits for nobody who writes."""
        return self._held("BEGIN")

    @contextmanager
    def _held(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._db.execute(begin)
                yield self._db
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                raise StoreUnreadableError(type(error).__name__) from error
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
