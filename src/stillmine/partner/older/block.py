# SPDX-License-Identifier: Apache-2.0
"""Remembered uploads as they are sealed together: rows, and beside them in columns what all of them are searched by at once.

Pure. A column says which rows may match; whoever wants to know opens the row.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from stillmine.partner.older.remembered import Remembered
from stillmine.wire.kinds import PDQ_BYTES

MARK_BYTES = 8
"""Of a digest: enough to pass over nearly all others."""

MOST_ROWS, MOST_BYTES = 1024, 4 * 1024 * 1024

_ROW = msgspec.msgpack.Decoder(Remembered)


class _Sealed(msgspec.Struct, array_like=True):
    rows: list[bytes]
    hash_counts: bytes
    hashes: bytes
    mark_counts: bytes
    marks: bytes
    has_sound: bytes


class Row(NamedTuple):
    """One upload as it stands in a block, and the hashes of its pictures and frames."""

    row: bytes
    hashes: bytes

    def remembered(self) -> Remembered:
        """Return the upload."""
        return _ROW.decode(self.row)


@dataclass(slots=True)
class BlockWriter:
    """Uploads that are going to be sealed together."""

    rows: list[Row] = field(default_factory=list)
    size: int = 0

    def add(self, row: Row) -> None:
        """Add one."""
        self.rows.append(row)
        self.size += len(row.row) + len(row.hashes)

    @property
    def is_full(self) -> bool:
        """Whether the next belongs into another block."""
        return len(self.rows) >= MOST_ROWS or self.size >= MOST_BYTES

    def content(self) -> bytes:
        """Return the block."""
        uploads = [row.remembered() for row in self.rows]
        marks = [[digest[:MARK_BYTES].ljust(MARK_BYTES, b"\0") for digest in upload.digests] for upload in uploads]
        return msgspec.msgpack.encode(
            _Sealed(
                rows=[row.row for row in self.rows],
                hash_counts=_numbers(len(row.hashes) // PDQ_BYTES for row in self.rows),
                hashes=b"".join(row.hashes for row in self.rows),
                mark_counts=_numbers(map(len, marks)),
                marks=b"".join(mark for of_one in marks for mark in of_one),
                has_sound=bytes(bool(upload.sounds) for upload in uploads),
            )
        )


class Block:
    """Uploads that were sealed together."""

    def __init__(self, content: bytes) -> None:
        """Raises ValueError for what no writer makes."""
        sealed = _SEALED.decode(content)
        self.rows = sealed.rows
        self.hashes = sealed.hashes
        self.marks = np.frombuffer(sealed.marks, np.uint64)
        """First eight bytes of digests."""
        self.has_sound = np.frombuffer(sealed.has_sound, np.bool_)
        self._ends = np.cumsum(np.frombuffer(sealed.hash_counts, np.uint32), dtype=np.int64)
        self._mark_ends = np.cumsum(np.frombuffer(sealed.mark_counts, np.uint32), dtype=np.int64)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return (self[place] for place in range(len(self.rows)))

    def __getitem__(self, place: int) -> Row:
        start = int(self._ends[place - 1]) if place else 0
        return Row(self.rows[place], self.hashes[start * PDQ_BYTES : int(self._ends[place]) * PDQ_BYTES])

    def owners_of_hashes(self, places: NDArray[np.integer]) -> NDArray[np.int64]:
        """Return which upload each of these hashes is of."""
        return np.searchsorted(self._ends, places, side="right")

    def owners_of_marks(self, places: NDArray[np.integer]) -> NDArray[np.int64]:
        """Return which upload each of these marks is of."""
        return np.searchsorted(self._mark_ends, places, side="right")


_SEALED = msgspec.msgpack.Decoder(_Sealed)
"""Made here, before there are threads."""


def _numbers(numbers: Iterable[int]) -> bytes:
    return np.fromiter(numbers, np.uint32).tobytes()
