# SPDX-License-Identifier: Apache-2.0
"""What a search must return, by comparing with everything, and data that is hard for an index of bands."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from stillmine.matching import _kernel
from stillmine.matching.hamming import HammingIndex
from stillmine.matching.results import Near

Rows = NDArray[np.uint8]
BITS = 256


class Oracle:
    """Values by id, compared one by one."""

    def __init__(self, ids: Rows, values: Rows) -> None:
        self._ids = ids
        self._values = values.tobytes()

    def search(self, query: Rows, max_distance_bits: int) -> list[Near]:
        found = [Near(self._ids[place].tobytes(), bits) for place, bits in _kernel.scan(self._values, query.tobytes(), max_distance_bits)]
        return sorted(found, key=lambda near: (near.distance_bits, near.id))


def numbered_ids(count: int, first: int = 0) -> Rows:
    """16 bytes each; they are in no order that the values are in."""
    numbers = np.arange(first, first + count, dtype=np.uint64)
    return np.stack([numbers * np.uint64(0x9E3779B97F4A7C15), numbers], axis=1).view(np.uint8).reshape(count, 16)


def random_values(rng: np.random.Generator, count: int) -> Rows:
    return rng.integers(0, 256, (count, 32), dtype=np.uint8)


def clustered_values(rng: np.random.Generator, count: int, clusters: int = 20, spread: int = 60) -> Rows:
    """Values at distances of up to `spread` bits around some centres."""
    centres = random_values(rng, clusters)[rng.integers(0, clusters, count)]
    return np.stack([flipped(rng, centre, int(rng.integers(0, spread))) for centre in centres]) if count else centres


def flipped(rng: np.random.Generator, value: Rows, count: int) -> Rows:
    """Return the value with exactly so many bits changed."""
    return with_bits_flipped(value, rng.choice(BITS, count, replace=False))


def with_bits_flipped(value: Rows, bits: Iterable[int]) -> Rows:
    changed = np.unpackbits(value, bitorder="little")
    changed[list(bits)] ^= 1
    return np.packbits(changed, bitorder="little")


def index_of(ids: Rows, values: Rows) -> HammingIndex:
    index = HammingIndex()
    index.add_many(ids.tobytes(), values.tobytes())
    return index
