# SPDX-License-Identifier: Apache-2.0
"""A connection to the store beside that of the list and matches, so that what is slow here holds up no upload."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
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

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the lock and a transaction, which takes the file's lock at the first write; roll back on any error."""
        with self._lock:
            try:
                self._db.execute("BEGIN")
                yield self._db
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                raise StoreUnreadableError(type(error).__name__) from error
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
