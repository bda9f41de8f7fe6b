# SPDX-License-Identifier: Apache-2.0
"""Which regions recur in uploads that have nothing to do with each other: an app's interface, a watermark, a letterhead.

A small table of counters, of a fixed size, that forgets by halving. A region counts under several parts of its hash, each brought by a key
of this service to a counter that many regions share: nobody can read a region from it, and it never leaves the service. It lowers a match
to a part, for a reviewer, and never to nothing: what recurs may as well be a person's picture that somebody pasted onto many others. An
upload that matches anything is not counted, so that a picture which goes around doesn't lower its own matches.
"""

import hashlib
import threading

import numpy as np
from numpy.typing import NDArray

from stillmine.wire.ask_regions import ASKED_REGION_BYTES, RegionsMap
from stillmine.wire.regions import REGION_HASH_BYTES

Hashes = NDArray[np.uint8]
"""(n, 32)."""

BANDS, BAND_BITS = 12, 20
"""Parts of a hash, whose bits are drawn by the key: half of them stay as they are where 8 of 256 bits differ, as after saving again."""

COUNTERS = 1 << 16
"""Of each band."""

COMMON_COUNT, COMMON_BANDS = 32, 3
"""So often, in so many bands: of 15,000 uploads, what is in one of a hundred, and not what is in 30 by chance."""

MEAN_COUNT = 8
"""Of a counter, at which all are halved: after some 15,000 uploads."""

COUNTED_REGIONS = 36
"""Of an upload, the strongest of its small view."""

PLACES = 4096
"""What places of regions are counted in."""

_HASH_BITS = 256
_LEAST_BITS = 64 - 16
_DOMAIN = b"stillmine/recurring-regions/v1"
TABLE_BYTES = BANDS * COUNTERS


class RecurringRegions:
    """The counters of one service. Safe to use from several threads."""

    def __init__(self, key: bytes, table: bytes | None = None) -> None:
        """`table` is what `table()` gave before, under the same key; one of another size is forgotten."""
        seed = hashlib.blake2b(_DOMAIN, key=key[:64], digest_size=32).digest()
        drawn = np.random.Generator(np.random.PCG64(int.from_bytes(seed)))
        self._bits = drawn.permutation(_HASH_BITS)[: BANDS * BAND_BITS]
        self._factors = drawn.integers(0, 1 << 63, BANDS, np.uint64) * np.uint64(2) + np.uint64(1)
        self._lock = threading.Lock()
        # Guarded by the lock.
        is_whole = table is not None and len(table) == TABLE_BYTES
        self._counts = np.frombuffer(table, np.uint8).copy() if table is not None and is_whole else np.zeros(TABLE_BYTES, np.uint8)
        self._total = int(self._counts.sum(dtype=np.int64))
        self._is_changed = False

    def count(self, regions: bytes) -> None:
        """Count the regions, 69 bytes each, of one upload that matched nothing."""
        rows = np.frombuffer(regions, np.uint8).reshape(-1, ASKED_REGION_BYTES)
        places = np.unique(self._places(rows[:COUNTED_REGIONS, :REGION_HASH_BYTES]))
        with self._lock:
            room = places[self._counts[places] < np.iinfo(np.uint8).max]
            self._counts[room] += 1
            self._total += len(room)
            self._is_changed = True
            if self._total > MEAN_COUNT * TABLE_BYTES:
                self._counts >>= 1
                self._total = int(self._counts.sum(dtype=np.int64))

    def is_common_where(self, regions: bytes, stands: RegionsMap) -> bool:
        """Return whether all of an upload's regions, 69 bytes each, that lie where a protected picture lies recur, and there are some."""
        rows = np.frombuffer(regions, np.uint8).reshape(-1, ASKED_REGION_BYTES)
        here = rows[_lie_in(rows[:, 2 * REGION_HASH_BYTES :].astype(np.int64), stands), :REGION_HASH_BYTES]
        return len(here) > 0 and bool(self.are_common(here).all())

    def are_common(self, hashes: Hashes) -> NDArray[np.bool_]:
        """Return which of these regions recur, shape (n,)."""
        places = self._places(hashes)
        with self._lock:
            is_often = self._counts[places] >= COMMON_COUNT
        common: NDArray[np.bool_] = is_often.sum(axis=1) >= COMMON_BANDS
        return common

    def table(self) -> bytes | None:
        """Return the counters, to be kept; None where they are as they were the last time."""
        with self._lock:
            changed, self._is_changed = self._is_changed, False
            return self._counts.tobytes() if changed else None

    def _places(self, hashes: Hashes) -> NDArray[np.int64]:
        """Return the counters (n, 12) of regions."""
        bits = np.unpackbits(hashes, axis=1)[:, self._bits].reshape(-1, BANDS, BAND_BITS)
        parts = bits.astype(np.uint64) @ (np.uint64(1) << np.arange(BAND_BITS, dtype=np.uint64))
        mixed = (parts + np.uint64(1)) * self._factors >> np.uint64(_LEAST_BITS)
        return mixed.astype(np.int64) + np.arange(BANDS) * COUNTERS


def _lie_in(places: NDArray[np.int64], stands: RegionsMap) -> NDArray[np.bool_]:
    """Return which regions of an upload, (n, 5) bytes of where each is, lie where a protected picture lies."""
    x = (places[:, 0] << 4 | places[:, 1] >> 4) / PLACES
    y = ((places[:, 1] & 15) << 8 | places[:, 2]) / PLACES
    a, b, c, d, e, f = stands.affine
    area = a * e - b * d
    if area == 0:
        return np.zeros(len(places), np.bool_)
    across, down = (e * (x - c) - b * (y - f)) / area, (a * (y - f) - d * (x - c)) / area
    lie: NDArray[np.bool_] = (across >= 0) & (across <= 1) & (down >= 0) & (down <= 1)
    return lie
