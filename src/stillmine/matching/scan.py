# SPDX-License-Identifier: Apache-2.0
"""Exact search over PDQ fingerprints: every one is compared, none can be missed.

Fast enough for some million fingerprints, and the oracle for any faster index. Fingerprints are private: a removed
one is overwritten in the buffer, not only forgotten.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

from stillmine.matching import _kernel
from stillmine.wire.fingerprint import MAXIMUM_DISTANCE_BITS, PDQ_BYTES


@dataclass(frozen=True, slots=True)
class Near:
    """One fingerprint near the query; `variant` is the position of the query that was nearest."""

    id: bytes
    distance_bits: int
    variant: int = 0


class ScanIndex:
    """Fingerprints of 32 bytes by id, in one growing buffer; all methods may be called from any thread."""

    def __init__(self) -> None:
        # Guards the three below: `_values` holds the fingerprint of `_ids[i]` at 32 * i, `_positions` is the way back.
        self._lock = Lock()
        self._values = bytearray()
        self._ids: list[bytes] = []
        self._positions: dict[bytes, int] = {}

    def __len__(self) -> int:
        with self._lock:
            return len(self._ids)

    def __contains__(self, id: object) -> bool:  # noqa: A002 - the glossary's word
        with self._lock:
            return id in self._positions

    def add(self, id: bytes, value: bytes) -> None:  # noqa: A002
        """Add a fingerprint, or replace the one with this id; raises ValueError unless it has 32 bytes."""
        if len(value) != PDQ_BYTES:
            raise ValueError(f"a fingerprint has exactly {PDQ_BYTES} bytes")
        with self._lock:
            position = self._positions.get(id)
            if position is None:
                self._positions[id] = len(self._ids)
                self._ids.append(id)
                self._values += value
            else:
                self._values[_bytes_at(position)] = value

    def remove(self, id: bytes) -> bool:  # noqa: A002
        """Forget a fingerprint and overwrite it; returns whether it was there."""
        with self._lock:
            position = self._positions.pop(id, None)
            if position is None:
                return False
            last = len(self._ids) - 1
            last_id = self._ids.pop()
            if position != last:
                self._ids[position] = last_id
                self._positions[last_id] = position
                self._values[_bytes_at(position)] = self._values[_bytes_at(last)]
            self._values[_bytes_at(last)] = bytes(PDQ_BYTES)
            del self._values[last * PDQ_BYTES :]
            return True

    def search(self, value: bytes, max_distance_bits: int = MAXIMUM_DISTANCE_BITS) -> list[Near]:
        """Return every fingerprint within the distance, nearest first; raises ValueError for a wrong length."""
        return self.search_variants([value], max_distance_bits)

    def search_variants(self, values: Sequence[bytes], max_distance_bits: int = MAXIMUM_DISTANCE_BITS) -> list[Near]:
        """Return every fingerprint within the distance of any query, once, by its nearest query; nearest first."""
        nearest: dict[int, tuple[int, int]] = {}
        with self._lock:
            for variant, value in enumerate(values):
                for position, bits in _kernel.scan(self._values, value, max_distance_bits):
                    if position not in nearest or bits < nearest[position][0]:
                        nearest[position] = (bits, variant)
            found = [Near(self._ids[position], bits, variant) for position, (bits, variant) in nearest.items()]
        return sorted(found, key=lambda near: (near.distance_bits, near.id))


def _bytes_at(position: int) -> slice:
    return slice(position * PDQ_BYTES, (position + 1) * PDQ_BYTES)
