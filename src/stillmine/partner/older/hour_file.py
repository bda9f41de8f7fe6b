# SPDX-License-Identifier: Apache-2.0
"""The file of one hour: sealed blocks one after the other, each behind its length and how many uploads it holds.

Whatever is cut off at its end, by a crash or a full disk, is no block and is written over by the next.
"""

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from stillmine.partner.older.block import Block
from stillmine.partner.older.keys import Seal

_FRAME = struct.Struct("<II")
MAXIMUM_BLOCK_BYTES = 64 * 1024 * 1024


class Sealed(NamedTuple):
    """A block as it lies in its file: where, how many uploads, and its bytes."""

    place: int
    uploads: int
    content: bytes


class HourFile:
    """One hour of one day, under the key of the day."""

    def __init__(self, path: Path, seal: Seal) -> None:
        self.path = path
        self._seal = seal
        self._descriptor: int | None = None
        self.end, self.uploads, self.block_count = _walked(path)
        """Where the next block goes, and how many uploads in how many blocks are before it."""

    def append(self, content: bytes, count: int) -> None:
        """Add a block; raises OSError, and then nothing is added."""
        if self._descriptor is None:
            self._descriptor = os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        framed = self._framed(content, count, self.end)
        if os.pwrite(self._descriptor, framed, self.end) < len(framed):
            raise OSError("cut off")
        self.end += len(framed)
        self.uploads += count
        self.block_count += 1

    def sync(self) -> None:
        """Have it written to the disk; raises OSError."""
        if self._descriptor is not None:
            os.fsync(self._descriptor)

    def close(self) -> None:
        """Append nothing more."""
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None

    def blocks(self) -> Iterator[Block | None]:
        """Return what is in it up to now; None for each block that is damaged. Raises OSError."""
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        try:
            for sealed in _sealed(descriptor, self.end):
                yield self._opened(sealed)
        finally:
            os.close(descriptor)

    def write_new(self, path: Path, blocks: Iterator[tuple[bytes, int]]) -> None:
        """Write these blocks, each (content, count), into a file beside it; raises OSError."""
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600), "wb") as file:
            for content, count in blocks:
                file.write(self._framed(content, count, file.tell()))
            file.flush()
            os.fsync(file.fileno())

    def _framed(self, content: bytes, count: int, place: int) -> bytes:
        sealed = self._seal.seal(content, self._associated(place, count))
        return _FRAME.pack(len(sealed), count) + sealed

    def _opened(self, sealed: Sealed) -> Block | None:
        content = self._seal.opened(sealed.content, self._associated(sealed.place, sealed.uploads))
        try:
            return None if content is None else Block(content)
        except ValueError:  # whatever it was, no writer of ours made it
            return None

    def _associated(self, place: int, count: int) -> bytes:
        return f"older|{self.path.parent.name}|{self.path.name}|{place}|{count}".encode()


def _sealed(descriptor: int, end: int) -> Iterator[Sealed]:
    place = 0
    while place + _FRAME.size <= end:
        length, count = _FRAME.unpack(os.pread(descriptor, _FRAME.size, place))
        content = os.pread(descriptor, length, place + _FRAME.size)
        yield Sealed(place, count, content)
        place += _FRAME.size + length


def _walked(path: Path) -> tuple[int, int, int]:
    """Return where the last whole block ends, and how many uploads in how many blocks there are until then."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return 0, 0, 0
    try:
        size, place, uploads, blocks = os.fstat(descriptor).st_size, 0, 0, 0
        while place + _FRAME.size <= size:
            length, count = _FRAME.unpack(os.pread(descriptor, _FRAME.size, place))
            if length > MAXIMUM_BLOCK_BYTES or place + _FRAME.size + length > size:
                break
            place += _FRAME.size + length
            uploads += count
            blocks += 1
        return place, uploads, blocks
    finally:
        os.close(descriptor)
