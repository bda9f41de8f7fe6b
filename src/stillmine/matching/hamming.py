# SPDX-License-Identifier: Apache-2.0
"""Exact search over PDQ fingerprints, fast and updatable: spec/matching.md.

All methods may be called from any thread; native work runs without the GIL. An added fingerprint is found by the next search, a removed
one by none, and its bytes are overwritten. Fingerprints are private: nothing here gives one out.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from stillmine.matching import _kernel
from stillmine.matching.errors import SnapshotDamagedError, SnapshotKindError, SnapshotTruncatedError, SnapshotVersionError
from stillmine.matching.results import Near
from stillmine.wire.errors import StillmineError
from stillmine.wire.kinds import MAXIMUM_DISTANCE_BITS

ID_BYTES = 16
FINGERPRINT_BYTES = 32

_SNAPSHOT_ERRORS: dict[str, type[StillmineError]] = {
    "truncated": SnapshotTruncatedError,
    "damaged": SnapshotDamagedError,
    "version": SnapshotVersionError,
    "kind": SnapshotKindError,
}


class Batch(NamedTuple):
    """Results of many queries, in order of query, distance and id: three arrays of one length."""

    queries: NDArray[np.uint32]
    """The number of the query, from 0."""
    ids: NDArray[np.void]
    """16 bytes each."""
    distances: NDArray[np.uint16]
    """Bits."""


class HammingIndex:
    """Fingerprints of 32 bytes by ids of 16 bytes."""

    def __init__(self) -> None:
        self._native = _kernel.Index()

    def __len__(self) -> int:
        return self._native.count()

    def __contains__(self, id: object) -> bool:
        return isinstance(id, bytes) and len(id) == ID_BYTES and self._native.contains(id)

    @property
    def memory_bytes(self) -> int:
        """What the index has asked the system for."""
        return self._native.memory_bytes()

    def add(self, id: bytes, value: bytes) -> None:
        """Add a fingerprint, or replace the one with this id; raises ValueError for other lengths than 16 and 32 bytes."""
        self._native.add(id, value)

    def add_many(self, ids: bytes, values: bytes, threads: int = 1) -> None:
        """Add or replace many: 16 bytes of id and 32 of fingerprint for each; of two with one id, the later stays.

        Much faster than one by one. Raises ValueError for lengths that don't fit together.
        """
        self._native.add_many(ids, values, _checked_threads(threads))

    def remove(self, id: bytes) -> bool:
        """Forget a fingerprint and overwrite it; returns whether it was there."""
        return self._native.remove(id)

    def search(self, value: bytes, max_distance_bits: int = MAXIMUM_DISTANCE_BITS) -> list[Near]:
        """Return every fingerprint within the distance, by distance and id; raises ValueError for a wrong length or distance."""
        if len(value) != FINGERPRINT_BYTES:
            raise ValueError(f"a fingerprint has exactly {FINGERPRINT_BYTES} bytes")
        return [Near(*found) for found in self._native.search_variants(value, max_distance_bits)]

    def search_variants(self, values: Sequence[bytes], max_distance_bits: int = MAXIMUM_DISTANCE_BITS) -> list[Near]:
        """Return every fingerprint within the distance of any query, once, by its nearest query (of equals, the first)."""
        if any(len(value) != FINGERPRINT_BYTES for value in values):
            raise ValueError(f"a fingerprint has exactly {FINGERPRINT_BYTES} bytes")
        return [Near(*found) for found in self._native.search_variants(b"".join(values), max_distance_bits)]

    def search_many(self, values: bytes, max_distance_bits: int = MAXIMUM_DISTANCE_BITS, threads: int = 1) -> Batch:
        """Return what is within the distance of each of many queries, 32 bytes each; the same whatever the number of threads."""
        queries, ids, distances = self._native.search_many(values, max_distance_bits, _checked_threads(threads))
        return Batch(
            np.frombuffer(queries, dtype=np.uint32),
            np.frombuffer(ids, dtype=np.dtype((np.void, ID_BYTES))),
            np.frombuffer(distances, dtype=np.uint16),
        )

    def write_snapshot(self, path: str | Path) -> None:
        """Write everything to a file that only its owner can read, whole or not at all; raises OSError. Updates wait meanwhile."""
        self._native.write_snapshot(path)

    @classmethod
    def open_snapshot(cls, path: str | Path) -> Self:
        """Map a snapshot, checking all of it; later updates stay in memory. The file may be replaced but not changed in place.

        Raises OSError, SnapshotTruncatedError, SnapshotDamagedError, SnapshotVersionError or SnapshotKindError.
        """
        index = cls.__new__(cls)
        try:
            index._native = _kernel.Index.open_snapshot(path)
        except ValueError as error:
            raise _SNAPSHOT_ERRORS[str(error)] from None
        return index


def _checked_threads(threads: int) -> int:
    if not 1 <= threads <= 256:
        raise ValueError("threads are between 1 and 256")
    return threads
