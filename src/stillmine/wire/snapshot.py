# SPDX-License-Identifier: Apache-2.0
"""Everything active at one moment, as a stream of blocks: how a list partner begins. Contract: spec/feed.md.

A block holds fingerprints of one kind, column by column, and ends with a checksum of all that came before, so nothing of a block is used
before it is known to be whole. The stream ends with a block that counts; without it, it was cut. Must never hold a tombstone, a time or a
case.
"""

import hashlib
import struct
from collections.abc import Generator, Iterable, Iterator
from itertools import accumulate, pairwise
from typing import NamedTuple

from stillmine.wire.errors import StillmineError
from stillmine.wire.kinds import KIND_OF_NUMBER, KIND_RULES, LISTED_KINDS, Kind

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


class FeedSnapshotCutError(StillmineError):
    code = "feed_snapshot_cut"
    status = 502
    sentence = "This snapshot ends too early. Fetch it again; what was applied of it stays and is swept by the next whole one."


class FeedSnapshotDamagedError(StillmineError):
    code = "feed_snapshot_damaged"
    status = 502
    sentence = "This file is not a snapshot, or was changed on the way. Nothing after the damage was applied; fetch it again."


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
        """Return one block; raises ValueError where its columns don't fit together or are too large, or no list has its kind."""
        count = len(block.qualities)
        length = KIND_RULES[block.kind].fixed_bytes
        lengths = b"" if length else struct.pack(f"<{count}I", *map(len, block.values))
        values = b"".join(block.values)
        is_whole = len(block.ids) == count * _ID_BYTES and len(block.values) == count and (length is None or len(values) == count * length)
        body = block.ids + block.qualities + lengths + values
        if not (block.kind in LISTED_KINDS and is_whole and 1 <= count <= MAXIMUM_BLOCK_ENTRIES and len(body) <= MAXIMUM_BLOCK_BYTES):
            raise ValueError("a block holds columns of one length, within its limits")
        self._count += count
        return self._checked(_BLOCK.pack(KIND_RULES[block.kind].number, count, len(body)) + body)

    def end(self) -> bytes:
        """Return the end, which says how many there were."""
        return self._checked(_BLOCK.pack(_END, 0, 8) + self._count.to_bytes(8, "little"))

    def _checked(self, part: bytes) -> bytes:
        self._sum.update(part)
        return part + self._sum.digest()[:_CHECK_BYTES]


class SnapshotParser:
    """Reads one stream as it comes: `give` it each part, then take what is whole with `next`; `end` says that no more comes.

    Memory is bounded by one block and one part. `next` and `end` raise FeedSnapshotCutError, FeedSnapshotDamagedError or
    FeedSnapshotVersionError.
    """

    def __init__(self) -> None:
        self._held = bytearray()
        self._sum = hashlib.sha256()
        self._count = 0
        self._is_whole = False
        self._steps = self._read()

    def give(self, part: bytes) -> None:
        """Add what came."""
        self._held += part

    def next(self) -> SnapshotHead | SnapshotBlock | None:
        """Return the head, then each block once it is known to be whole; None where more must come first."""
        return next(self._steps)

    def end(self) -> None:
        """Raise FeedSnapshotCutError unless the stream was complete."""
        if not self._is_whole:
            raise FeedSnapshotCutError

    def _read(self) -> Iterator[SnapshotHead | SnapshotBlock | None]:
        yield (yield from self._head())
        while not self._is_whole:
            start = yield from self._take(_BLOCK.size)
            number, count, length = _BLOCK.unpack(start)
            if count > MAXIMUM_BLOCK_ENTRIES or length > MAXIMUM_BLOCK_BYTES:
                raise FeedSnapshotDamagedError("block")
            body = yield from self._take(length)
            yield from self._check(start + body)
            if number == _END:
                self._require_end(count, body)
            elif KIND_OF_NUMBER.get(number) in LISTED_KINDS:
                yield self._block(KIND_OF_NUMBER[number], count, body)
            else:  # a kind of a later version, or one that no list has: counted, and left out
                self._count += count
        while not self._held:
            yield None
        raise FeedSnapshotDamagedError("more after the end")

    def _head(self) -> Generator[None, None, SnapshotHead]:
        start = yield from self._take(len(_MAGIC) + len(_VERSION))
        if not start.startswith(_MAGIC):
            raise FeedSnapshotDamagedError("magic")
        if not start.endswith(_VERSION):
            raise FeedSnapshotVersionError
        rest = yield from self._take(_HEAD.size - len(start))
        _, _, cursor_bytes, count = _HEAD.unpack(start + rest)
        cursor = yield from self._take(cursor_bytes)
        yield from self._check(start + rest + cursor)
        if not cursor.isascii():
            raise FeedSnapshotDamagedError("cursor")
        return SnapshotHead(cursor.decode("ascii"), count)

    def _block(self, kind: Kind, count: int, body: bytes) -> SnapshotBlock:
        ids, place = body[: count * _ID_BYTES], count * _ID_BYTES
        qualities, place = body[place : place + count], place + count
        length = KIND_RULES[kind].fixed_bytes
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
        self._is_whole = True

    def _check(self, part: bytes) -> Generator[None, None, None]:
        self._sum.update(part)
        if (yield from self._take(_CHECK_BYTES)) != self._sum.digest()[:_CHECK_BYTES]:
            raise FeedSnapshotDamagedError("checksum")

    def _take(self, size: int) -> Generator[None, None, bytes]:
        while len(self._held) < size:
            yield None
        taken = bytes(self._held[:size])
        del self._held[:size]
        return taken


class SnapshotReader:
    """Reads one stream from its parts, however they are cut; raises what SnapshotParser does."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        """Read the beginning."""
        self._parts = iter(parts)
        self._parser = SnapshotParser()
        head = self._next()
        if not isinstance(head, SnapshotHead):  # never: it is what comes first
            raise FeedSnapshotDamagedError("head")
        self.head = head

    def blocks(self) -> Iterator[SnapshotBlock]:
        """Yield each block once it is known to be whole; after the last one the stream was complete."""
        while isinstance(block := self._next(), SnapshotBlock):
            yield block

    def _next(self) -> SnapshotHead | SnapshotBlock | None:
        """Return what is whole, None at the end."""
        while (step := self._parser.next()) is None:
            part = next(self._parts, None)
            if part is None:
                self._parser.end()
                break
            self._parser.give(part)
        return step
