# SPDX-License-Identifier: Apache-2.0
"""The compiled scan and index: kernel/bindings/python/matching_module.c and matching_index.c."""

from os import PathLike
from typing import Self, final

from typing_extensions import Buffer

def scan(fingerprints: Buffer, query: Buffer, max_distance_bits: int, /) -> list[tuple[int, int]]:
    """Return (index, distance in bits) of every fingerprint within the distance, in order of index.

    `fingerprints` are 32 bytes each, one after the other. Lets go of the GIL. Raises ValueError for other lengths.
    """

@final
class Index:
    """stillmine_index of kernel/include/stillmine/index.h. ValueError for wrong lengths and numbers, MemoryError, OSError."""

    def __new__(cls) -> Self: ...
    def add(self, id: Buffer, value: Buffer, /) -> None: ...
    def add_many(self, ids: Buffer, values: Buffer, threads: int, /) -> None: ...
    def remove(self, id: Buffer, /) -> bool: ...
    def contains(self, id: Buffer, /) -> bool: ...
    def search_variants(self, values: Buffer, max_distance_bits: int, /) -> list[tuple[bytes, int, int]]:
        """Return (id, distance in bits, number of the query), by distance and id."""

    def search_many(self, values: Buffer, max_distance_bits: int, threads: int, /) -> tuple[bytes, bytes, bytes]:
        """Return the numbers of queries (uint32), ids and distances (uint16), in order of query, distance and id."""

    def count(self) -> int: ...
    def memory_bytes(self) -> int: ...
    def settle(self) -> None:
        """Wait until no rebuild is under way."""

    def choose_level(self, level: int, /) -> bool:
        """Count distances as 0 any, 1 an AVX2, 2 an AVX-512 processor does; returns whether this one can."""

    def write_snapshot(self, path: str | PathLike[str], /) -> None: ...
    @classmethod
    def open_snapshot(cls, path: str | PathLike[str], /) -> Self:
        """Raise ValueError with one of the words truncated, damaged, version, kind for what is no whole snapshot."""
