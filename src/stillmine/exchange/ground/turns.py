# SPDX-License-Identifier: Apache-2.0
"""Writers take turns in the order in which they came. SQLite has one writer and lets those who wait try at random, some for ever.

A turn is handed on, never dropped: whoever comes later can't be first. Between processes there is no order.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from stillmine.wire.storage_errors import DatabaseBusyError


class Turns:
    """One queue of threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._is_taken = False

    @contextmanager
    def turn(self, seconds: float) -> Iterator[None]:
        """Wait for a turn and have it; raises DatabaseBusyError where none came in so many seconds."""
        self._wait(seconds)
        try:
            yield
        finally:
            self._hand_on()

    def _wait(self, seconds: float) -> None:
        with self._guard:
            if not self._is_taken:
                self._is_taken = True
                return
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        if mine.acquire(timeout=seconds):
            return
        with self._guard:
            if mine in self._waiting:
                self._waiting.remove(mine)
                raise DatabaseBusyError
        # handed over in the very moment of giving up: the turn is taken

    def _hand_on(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_taken = False
