# SPDX-License-Identifier: Apache-2.0
"""One connection that several threads share: each reads under its lock, and writes in a transaction that happens whole or not at all."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from stillmine.partner.ground.errors import StoreUnreadableError


class Transactions:
    """A connection and its lock."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._lock = threading.RLock()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """Hold the lock; raises StoreUnreadableError for SQLite's own errors."""
        with self._lock:
            try:
                yield self._db
            except sqlite3.Error as error:
                raise StoreUnreadableError(type(error).__name__) from error

    @contextmanager
    def _reading_at_once(self) -> Iterator[sqlite3.Connection | None]:
        """As `_reading`, None where another thread holds the lock."""
        if not self._lock.acquire(blocking=False):
            yield None
            return
        try:
            with self._reading() as db:
                yield db
        finally:
            self._lock.release()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the lock and a write transaction; roll back on any error; raises StoreUnreadableError for SQLite's own."""
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield self._db
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                self._roll_back()
                raise StoreUnreadableError(type(error).__name__) from error
            except BaseException:
                self._roll_back()
                raise

    def _roll_back(self) -> None:
        # A full disk may have ended the transaction already.
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
