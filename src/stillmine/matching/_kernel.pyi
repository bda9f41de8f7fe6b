# SPDX-License-Identifier: Apache-2.0
"""The compiled scan and index: kernel/bindings/python/matching_module.c, matching_index.c and matching_groups.c."""

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

@final
class Groups:
    """stillmine_index of kernel/include/stillmine/index_groups.h: ids with several values. ValueError for what doesn't fit together."""

    def __new__(cls, most_values: int, value_note_bytes: int, id_note_bytes: int, /) -> Self: ...
    def add_many(self, ids: Buffer, id_notes: Buffer, counts: Buffer, values: Buffer, value_notes: Buffer, threads: int, /) -> None:
        """Add or replace ids: `counts` has a byte for each."""

    def begin_loading(self) -> None:
        """From now on make no tables."""

    def end_loading(self, threads: int, /) -> None:
        """Make them."""

    def search(
        self, queries: Buffer, max_distance_bits: int, most: int, most_single: int, threads: int, /
    ) -> tuple[list[tuple[bytes, bytes, int, int]], int, bytes, bytes, bytes, bytes, bool]:
        """Return (items, how many of them share two values, values, value notes, pairs, alone, whether there are more that share two).

        An item is (id, id note, number of values, number of pairs); values, their notes and pairs of all items follow each other. A pair
        is the number of the query (uint32), of the value and the distance (uint16 each). Alone: for each query a uint32.
        """

    def read(self, id: Buffer, /) -> tuple[bytes, bytes, bytes] | None:
        """Return (id note, values, value notes), or None if it isn't there."""

    def remove(self, id: Buffer, /) -> bool: ...
    def contains(self, id: Buffer, /) -> bool: ...
    def count(self) -> int:
        """Of ids."""

    def value_count(self) -> int: ...
    def memory_bytes(self) -> int: ...
    def settle(self) -> None:
        """Wait until no rebuild is under way."""

    def choose_level(self, level: int, /) -> bool:
        """As `Index.choose_level`."""
