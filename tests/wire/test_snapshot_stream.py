# SPDX-License-Identifier: Apache-2.0
"""The snapshot's stream: round trips however it arrives, and clear errors for what is cut, damaged or of another version."""

import hashlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillmine.wire.errors import StillmineError
from stillmine.wire.kinds import KIND_RULES, Kind
from stillmine.wire.snapshot import (
    MAXIMUM_BLOCK_BYTES,
    MAXIMUM_BLOCK_ENTRIES,
    FeedSnapshotCutError,
    FeedSnapshotDamagedError,
    FeedSnapshotVersionError,
    SnapshotBlock,
    SnapshotHead,
    SnapshotParser,
    SnapshotReader,
    SnapshotWriter,
)

SIZES = {Kind.PDQ: 32, Kind.SHA256: 32, Kind.MD5: 16}


@st.composite
def blocks(draw: st.DrawFn) -> SnapshotBlock:
    kind = draw(st.sampled_from([Kind.PDQ, Kind.MD5, Kind.VPDQ, Kind.SHA256]))
    count = draw(st.integers(1, 4))
    size = st.just(SIZES[kind]) if kind in SIZES else st.integers(0, 50)
    values = [draw(st.binary(min_size=length, max_size=length)) for length in draw(st.lists(size, min_size=count, max_size=count))]
    return SnapshotBlock(kind, draw(st.binary(min_size=16 * count, max_size=16 * count)), bytes(range(count)), values)


def written(rows: list[SnapshotBlock]) -> bytes:
    writer = SnapshotWriter()
    return b"".join([writer.head(SnapshotHead("7.abc", len(rows))), *(writer.block(row) for row in rows), writer.end()])


def read(data: bytes, step: int = 1 << 20) -> list[SnapshotBlock]:
    reader = SnapshotReader(data[start : start + step] for start in range(0, len(data), step))
    assert reader.head.cursor == "7.abc"
    return list(reader.blocks())


@given(st.lists(blocks(), max_size=4), st.integers(1, 70))
def test_it_comes_back_however_it_is_cut_into_parts(rows: list[SnapshotBlock], step: int) -> None:
    assert read(written(rows), step) == rows


@given(st.lists(blocks(), min_size=1, max_size=3), st.data())
def test_a_cut_stream_is_called_cut(rows: list[SnapshotBlock], draw: st.DataObject) -> None:
    data = written(rows)
    with pytest.raises(FeedSnapshotCutError):
        read(data[: draw.draw(st.integers(0, len(data) - 1))])


@given(st.lists(blocks(), min_size=1, max_size=3), st.data())
def test_a_changed_byte_never_reaches_a_block(rows: list[SnapshotBlock], draw: st.DataObject) -> None:
    data = bytearray(written(rows))
    data[draw.draw(st.integers(0, len(data) - 1))] ^= 1 << draw.draw(st.integers(0, 7))
    seen: list[SnapshotBlock] = []
    with pytest.raises((FeedSnapshotDamagedError, FeedSnapshotCutError, FeedSnapshotVersionError)):
        seen += SnapshotReader([bytes(data)]).blocks()
    assert seen == rows[: len(seen)]


@given(st.binary(max_size=300))
def test_nonsense_is_refused_with_a_code(data: bytes) -> None:
    with pytest.raises(StillmineError):
        list(SnapshotReader([data]).blocks())


def test_another_version_is_called_so_and_what_follows_the_end_is_damage() -> None:
    with pytest.raises(FeedSnapshotVersionError):
        read(b"SMS2" + bytes(100))
    with pytest.raises(FeedSnapshotDamagedError):
        read(written([]) + b"x")


def test_a_block_whose_columns_do_not_fit_is_not_written() -> None:
    for row in (SnapshotBlock(Kind.PDQ, bytes(16), b"\x01", [b"short"]), SnapshotBlock(Kind.PDQ, bytes(15), b"\x01", [bytes(32)])):
        with pytest.raises(ValueError, match="columns"):
            SnapshotWriter().block(row)


def crafted(number: int, count: int, body: bytes, length: int | None = None) -> bytes:
    """A stream whose checksums are right and whose one block is whatever it is: only someone who writes streams can do that."""
    checked, stream = hashlib.sha256(), b""
    for part in (struct.pack("<3scBQ", b"SMS", b"1", 5, 1) + b"7.abc", struct.pack("<BII", number, count, length or len(body)) + body):
        checked.update(part)
        stream += part + checked.digest()[:8]
    return stream


PDQ_ROW, VPDQ_ROW = bytes(16) + b"\x32" + bytes(32), bytes(16) + b"\x32" + b"\x03\0\0\0" + b"abc"


def test_a_crafted_block_that_fits_is_read() -> None:
    for kind, body in ((Kind.PDQ, PDQ_ROW), (Kind.VPDQ, VPDQ_ROW)):
        assert next(SnapshotReader([crafted(KIND_RULES[kind].number, 1, body)]).blocks()).kind is kind


def test_a_block_of_a_kind_that_no_list_has_is_left_out() -> None:
    parser = SnapshotParser()
    parser.give(crafted(KIND_RULES[Kind.REGIONS].number, 1, VPDQ_ROW))
    assert [isinstance(parser.next(), SnapshotHead), parser.next()] == [True, None]


@pytest.mark.parametrize(
    ("kind", "count", "body"),
    [
        (Kind.PDQ, 0, b""),
        (Kind.PDQ, 1, PDQ_ROW + b"\0"),
        (Kind.PDQ, 1, PDQ_ROW[:-1]),
        (Kind.PDQ, 2, PDQ_ROW),
        (Kind.VPDQ, 0, b""),
        (Kind.VPDQ, 1, VPDQ_ROW + b"\0"),
        (Kind.VPDQ, 1, VPDQ_ROW[:-1]),
        (Kind.VPDQ, 1, VPDQ_ROW[:18]),
        (Kind.VPDQ, 1, VPDQ_ROW[:17]),
    ],
)
def test_a_block_whose_columns_do_not_fit_is_damage_though_its_checksum_is_right(kind: Kind, count: int, body: bytes) -> None:
    with pytest.raises(FeedSnapshotDamagedError, match="block"):
        list(SnapshotReader([crafted(KIND_RULES[kind].number, count, body)]).blocks())


@pytest.mark.parametrize(("count", "length"), [(MAXIMUM_BLOCK_ENTRIES + 1, 100), (1, MAXIMUM_BLOCK_BYTES + 1)])
def test_a_block_over_a_limit_is_refused_before_it_is_held(count: int, length: int) -> None:
    parser = SnapshotParser()
    parser.give(crafted(KIND_RULES[Kind.PDQ].number, count, b"", length))
    assert isinstance(parser.next(), SnapshotHead)
    with pytest.raises(FeedSnapshotDamagedError, match="block"):
        parser.next()


@pytest.mark.parametrize(("count", "length"), [(MAXIMUM_BLOCK_ENTRIES, 100), (1, MAXIMUM_BLOCK_BYTES)])
def test_a_block_at_a_limit_is_waited_for(count: int, length: int) -> None:
    parser = SnapshotParser()
    parser.give(crafted(KIND_RULES[Kind.PDQ].number, count, b"", length))
    assert [isinstance(parser.next(), SnapshotHead), parser.next()] == [True, None]
