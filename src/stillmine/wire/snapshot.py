# SPDX-License-Identifier: Apache-2.0
"""Everything active at one moment, as a stream of blocks: how a list partner begins. Contract: spec/feed.md.

A block holds fingerprints of one kind, column by column, and ends with a checksum of all that came before, so nothing of a block is used
before it is known to be whole. The stream ends with a block that counts; without it, it was cut. Must never hold a tombstone, a time or a
case.
"""

import hashlib
import struct
from collections.abc import Iterable, Iterator
from itertools import accumulate, pairwise
from typing import NamedTuple

from stillmine.wire.errors import StillmineError
from stillmine.wire.fingerprint import FIXED_BYTES, KIND_NUMBERS, Kind

SNAPSHOT_CONTENT_TYPE = "application/vnd.stillmine.snapshot"
MAXIMUM_BLOCK_ENTRIES = 65_536
MAXIMUM_BLOCK_BYTES = 8 * 1024 * 1024

_MAGIC = b"SMS"
_VERSION = b"1"
_HEAD = struct.Struct("<3scBQ")
_BLOCK = struct.Struct("<BII")
_CHECK_BYTES = 8
_ID_BYTES = 16
_END = 0
_KINDS = {number: kind for kind, number in KIND_NUMBERS.items()}


class FeedSnapshotCutError(StillmineError):
    code = "feed_snapshot_cut"
    status = 502
    sentence = "This snapshot ends too early. Fetch it again; what was applied of it stays and is swept by the next whole one."


class FeedSnapshotDamagedError(StillmineError):
    code = "feed_snapshot_damaged"
    status = 502
    sentence = "This snapshot was changed on the way or is no snapshot. Nothing after the damage was applied; fetch it again."


class FeedSnapshotVersionError(StillmineError):
    code = "feed_snapshot_version"
    status = 502
    sentence = "This snapshot was written by a version that this program can't read. Update it, or fetch the feed in pages."


class SnapshotHead(NamedTuple):
    """`cursor` is where the feed goes on; `active` is how many there were, of which some may have been withdrawn since."""

    cursor: str
    active: int


class SnapshotBlock(NamedTuple):
    """Fingerprints of one kind in compact form: all ids one after the other, all qualities, and the values."""

    kind: Kind
    ids: bytes
    qualities: bytes
    values: list[bytes]


class SnapshotWriter:
    """Makes the parts of one stream, in order: `head`, any number of `block`, `end`."""

    def __init__(self) -> None:
        self._sum = hashlib.sha256()
        self._count = 0

    def head(self, head: SnapshotHead) -> bytes:
        """Return the beginning."""
        cursor = head.cursor.encode("ascii")
        return self._checked(_HEAD.pack(_MAGIC, _VERSION, len(cursor), head.active) + cursor)

    def block(self, block: SnapshotBlock) -> bytes:
        """Return one block; raises ValueError where its columns don't fit together or are too large."""
        count = len(block.qualities)
        length = FIXED_BYTES.get(block.kind)
        lengths = b"" if length else struct.pack(f"<{count}I", *map(len, block.values))
        values = b"".join(block.values)
        is_whole = len(block.ids) == count * _ID_BYTES and len(block.values) == count and (length is None or len(values) == count * length)
        body = block.ids + block.qualities + lengths + values
        if not (is_whole and 1 <= count <= MAXIMUM_BLOCK_ENTRIES and len(body) <= MAXIMUM_BLOCK_BYTES):
            raise ValueError("a block holds columns of one length, within its limits")
        self._count += count
        return self._checked(_BLOCK.pack(KIND_NUMBERS[block.kind], count, len(body)) + body)

    def end(self) -> bytes:
        """Return the end, which says how many there were."""
        return self._checked(_BLOCK.pack(_END, 0, 8) + self._count.to_bytes(8, "little"))

    def _checked(self, part: bytes) -> bytes:
        self._sum.update(part)
        return part + self._sum.digest()[:_CHECK_BYTES]


class SnapshotReader:
    """Reads one stream from its parts, however they are cut. Memory is bounded by one block."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        """Read the beginning; raises FeedSnapshotCutError, FeedSnapshotDamagedError or FeedSnapshotVersionError, as `blocks` does."""
        self._parts = iter(parts)
        self._held = bytearray()
        self._sum = hashlib.sha256()
        self._count = 0
        start = self._take(len(_MAGIC) + len(_VERSION))
        if not start.startswith(_MAGIC):
            raise FeedSnapshotDamagedError("magic")
        if not start.endswith(_VERSION):
            raise FeedSnapshotVersionError
        rest = self._take(_HEAD.size - len(start))
        _, _, cursor_bytes, count = _HEAD.unpack(start + rest)
        cursor = self._take(cursor_bytes)
        self._check(start + rest + cursor)
        if not cursor.isascii():
            raise FeedSnapshotDamagedError("cursor")
        self.head = SnapshotHead(cursor.decode("ascii"), count)

    def blocks(self) -> Iterator[SnapshotBlock]:
        """Yield each block once it is known to be whole; after the last one the stream was complete."""
        while True:
            start = self._take(_BLOCK.size)
            number, count, length = _BLOCK.unpack(start)
            if count > MAXIMUM_BLOCK_ENTRIES or length > MAXIMUM_BLOCK_BYTES:
                raise FeedSnapshotDamagedError("block")
            body = self._take(length)
            self._check(start + body)
            if number == _END:
                self._require_end(count, body)
                return
            kind = _KINDS.get(number)
            if kind is None:  # a kind of a later version: counted, and left out
                self._count += count
                continue
            yield self._block(kind, count, body)

    def _block(self, kind: Kind, count: int, body: bytes) -> SnapshotBlock:
        ids, place = body[: count * _ID_BYTES], count * _ID_BYTES
        qualities, place = body[place : place + count], place + count
        length = FIXED_BYTES.get(kind)
        if length is None:
            lengths = struct.unpack_from(f"<{count}I", body, place) if len(body) >= place + 4 * count else ()
            place += 4 * count
        else:
            lengths = (length,) * count
        ends = list(accumulate(lengths, initial=place))
        if count == 0 or len(lengths) != count or ends[-1] != len(body):
            raise FeedSnapshotDamagedError("block")
        self._count += count
        return SnapshotBlock(kind, ids, qualities, [body[start:end] for start, end in pairwise(ends)])

    def _require_end(self, count: int, body: bytes) -> None:
        if count or int.from_bytes(body, "little") != self._count:
            raise FeedSnapshotDamagedError("count")
        if self._held or any(self._parts):
            raise FeedSnapshotDamagedError("more after the end")

    def _check(self, part: bytes) -> None:
        self._sum.update(part)
        if self._take(_CHECK_BYTES) != self._sum.digest()[:_CHECK_BYTES]:
            raise FeedSnapshotDamagedError("checksum")

    def _take(self, size: int) -> bytes:
        while len(self._held) < size:
            part = next(self._parts, None)
            if part is None:
                raise FeedSnapshotCutError
            self._held += part
        taken = bytes(self._held[:size])
        del self._held[:size]
        return taken
