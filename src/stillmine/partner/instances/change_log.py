# SPDX-License-Identifier: Apache-2.0
"""What changed in the list since a position, for those who follow it; of the last changes only, as many as memory is set aside for.

A position is the store's mark and a number, for a change that the store could not write down. Must never give a follower a part of the
changes and call it in step.
"""

import threading
from collections import deque
from typing import NamedTuple

from stillmine.partner.instances.messages import ListChange, ListedFingerprint
from stillmine.partner.store.place import PageChanges

MAXIMUM_BYTES = 32 * 1024 * 1024
STEP_BYTES = 8 * 1024 * 1024
_ID_BYTES = 16
_ROW_BYTES = 200
"""Of a row beside its value, roughly."""


class Changes(NamedTuple):
    """Changes in their order, the position after the last, and whether there were more."""

    position: str
    changes: list[ListChange]
    has_more: bool = False


class _Entry(NamedTuple):
    before: str
    after: str
    change: ListChange
    bytes: int


class ChangeLog:
    """The last changes of one list. Safe to use from several threads."""

    def __init__(self, mark: bytes, maximum_bytes: int = MAXIMUM_BYTES) -> None:
        self._maximum_bytes = maximum_bytes
        self._lock = threading.Lock()
        # Guarded by the lock.
        self._mark = mark
        self._number = 0
        self._position = _position(mark, 0)
        self._entries: deque[_Entry] = deque()
        self._bytes = 0

    @property
    def mark(self) -> bytes:
        """The store's mark at the end of it."""
        return self._mark

    @property
    def position(self) -> str:
        """The position at the end of it."""
        return self._position

    def begin_again(self, mark: bytes) -> None:
        """Forget all: the list is another one, and whoever follows has to fetch it whole."""
        with self._lock:
            self._mark = mark
            self._number = 0
            self._position = _position(mark, 0)
            self._entries.clear()
            self._bytes = 0

    def add(self, mark: bytes, changes: PageChanges) -> None:
        """Add what led to this mark."""
        listed = [ListedFingerprint(*one) for one in changes.active]
        size = sum(_ROW_BYTES + len(one.value) for one in listed) + _ROW_BYTES * len(changes.erased)
        with self._lock:
            before = self._position
            self._number = self._number + 1 if mark == self._mark else 0
            self._mark = mark
            self._position = _position(mark, self._number)
            self._entries.append(_Entry(before, self._position, ListChange(listed, changes.erased, list(changes.flagged)), size))
            self._bytes += size
            while self._bytes > self._maximum_bytes:
                self._bytes -= self._entries.popleft().bytes

    def since(self, position: str | None) -> Changes | None:
        """Return what changed since then, at least one change and not much more than fits into a message; None where nobody knows."""
        with self._lock:
            if position == self._position:
                return Changes(position, [])
            entries = list(self._entries)
        start = next((place for place, entry in enumerate(entries) if entry.before == position), None)
        if start is None:
            return None
        size, end = 0, start
        while end < len(entries) and (end == start or size + entries[end].bytes <= STEP_BYTES):
            size += entries[end].bytes
            end += 1
        return Changes(entries[end - 1].after, [entry.change for entry in entries[start:end]], end < len(entries))


def _position(mark: bytes, number: int) -> str:
    return f"{mark.hex()}.{number}"
