# SPDX-License-Identifier: Apache-2.0
"""Exact search over digests: the same file, byte for byte.

Several cases can hold the same file, so one value leads to many ids. All methods may be called from any thread.
"""

from threading import Lock

from stillmine.matching.results import Candidate


class ExactSet:
    """Values of one kind by id, found by value."""

    def __init__(self) -> None:
        # Guards both: `_ids[value]` are the ids that have it, `_values` is the way back.
        self._lock = Lock()
        self._ids: dict[bytes, set[bytes]] = {}
        self._values: dict[bytes, bytes] = {}

    def __len__(self) -> int:
        with self._lock:
            return len(self._values)

    def __contains__(self, id: object) -> bool:
        with self._lock:
            return id in self._values

    def add(self, id: bytes, value: bytes) -> None:
        """Add a value, or replace the one with this id."""
        with self._lock:
            self._drop(id)
            self._values[id] = value
            self._ids.setdefault(value, set()).add(id)

    def remove(self, id: bytes) -> bool:
        """Forget a value; returns whether it was there."""
        with self._lock:
            return self._drop(id)

    def ask(self, value: bytes, maximum: int, is_turned: bool) -> list[Candidate]:  # noqa: ARG002 (bytes are never turned)
        """Return the ids that have this value, in order, at most `maximum`."""
        return [Candidate(found, 0) for found in self.search(value)[:maximum]]

    def search(self, value: bytes) -> list[bytes]:
        """Return the ids that have this value, in order."""
        with self._lock:
            return sorted(self._ids.get(value, ()))

    def _drop(self, id: bytes) -> bool:
        value = self._values.pop(id, None)
        if value is None:
            return False
        ids = self._ids[value]
        ids.discard(id)
        if not ids:
            del self._ids[value]
        return True
