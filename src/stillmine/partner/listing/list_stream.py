# SPDX-License-Identifier: Apache-2.0
"""A whole list as one stream of bytes: on disk for the next start, and over the network for an instance that follows.

First the ids of what is flagged, then the snapshot that the exchange gives too (spec/feed.md), whose cursor is the mark of the list. Each
part is checked by its sum, and a stream that was cut by its end; what is not whole must never be used.
"""

import hashlib
import struct
from collections.abc import Generator, Iterable, Iterator

from stillmine.partner.listing.index import ListIndex
from stillmine.partner.store.list_mark import ListRead, Rows
from stillmine.partner.store.place import PageChanges
from stillmine.wire.kinds import Kind
from stillmine.wire.snapshot import (
    MAXIMUM_BLOCK_BYTES,
    MAXIMUM_BLOCK_ENTRIES,
    FeedSnapshotCutError,
    FeedSnapshotDamagedError,
    SnapshotBlock,
    SnapshotHead,
    SnapshotReader,
    SnapshotWriter,
)

ID_BYTES, CHECK_BYTES = 16, 32
MAXIMUM_FLAGGED = 1_000_000

_COUNT = struct.Struct("<I")
_MOST_BYTES = MAXIMUM_BLOCK_BYTES // 2
"""Of the values of one block, beside which stand ids and lengths."""


class ReadList:
    """A list that came whole: `mark` is 16 bytes, `flagged` are ids."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        """Read the stream to its end; raises FeedSnapshotCutError, FeedSnapshotDamagedError or FeedSnapshotVersionError."""
        stream = _Parts(parts)
        count = stream.take(_COUNT.size)
        if _COUNT.unpack(count)[0] > MAXIMUM_FLAGGED:
            raise FeedSnapshotDamagedError("flagged")
        ids = stream.take(_COUNT.unpack(count)[0] * ID_BYTES)
        if stream.take(CHECK_BYTES) != hashlib.sha256(count + ids).digest():
            raise FeedSnapshotDamagedError("flagged")
        self.flagged = {ids[start : start + ID_BYTES] for start in range(0, len(ids), ID_BYTES)}
        reader = SnapshotReader(stream.rest())
        self.mark = _mark(reader.head.cursor)
        self.index = ListIndex()
        ids_of_pictures, pictures = [], []
        for block in reader.blocks():
            if block.kind is Kind.PDQ:
                ids_of_pictures.append(block.ids)
                pictures.append(b"".join(block.values))
            else:
                _fill(self.index, block)
        # All at once: each time that some are added to many, all of these are put in order again.
        self.index.add_joined_pictures(b"".join(ids_of_pictures), b"".join(pictures))
        if len(self.index) != reader.head.active:
            raise FeedSnapshotDamagedError("count")


def written(read: ListRead) -> Iterator[bytes]:
    """Yield the stream of a list, part by part."""
    ids = _COUNT.pack(len(read.flagged)) + b"".join(read.flagged)
    yield ids + hashlib.sha256(ids).digest()
    writer = SnapshotWriter()
    yield writer.head(SnapshotHead(read.mark.hex(), read.active))
    for rows in read.rows:
        for block in _blocks(rows):
            yield writer.block(block)
    yield writer.end()


def _fill(index: ListIndex, block: SnapshotBlock) -> None:
    ids = [block.ids[start : start + ID_BYTES] for start in range(0, len(block.ids), ID_BYTES)]
    index.follow(PageChanges([(own, block.kind, value) for own, value in zip(ids, block.values, strict=True)], [], len(ids)))


def _blocks(rows: Rows) -> Iterator[SnapshotBlock]:
    """Cut rows into blocks that are small enough; a single value always is."""
    start = size = 0
    for place, value in enumerate(rows.values):
        if place > start and (size + len(value) > _MOST_BYTES or place - start == MAXIMUM_BLOCK_ENTRIES):
            yield _block(rows, start, place)
            start, size = place, 0
        size += len(value)
    yield _block(rows, start, len(rows.values))


def _block(rows: Rows, start: int, end: int) -> SnapshotBlock:
    """No quality: an index does without."""
    return SnapshotBlock(rows.kind, b"".join(rows.ids[start:end]), bytes(end - start), rows.values[start:end])


def _mark(cursor: str) -> bytes:
    try:
        mark = bytes.fromhex(cursor)
    except ValueError:
        mark = b""
    if len(mark) != ID_BYTES:
        raise FeedSnapshotDamagedError("mark")
    return mark


class _Parts:
    """Takes the first bytes of a stream, then gives the rest as it comes."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = iter(parts)
        self._held = b""

    def take(self, size: int) -> bytes:
        while len(self._held) < size:
            part = next(self._parts, None)
            if part is None:
                raise FeedSnapshotCutError
            self._held += part
        taken, self._held = self._held[:size], self._held[size:]
        return taken

    def rest(self) -> Generator[bytes, None, None]:
        yield self._held
        yield from self._parts
