# SPDX-License-Identifier: Apache-2.0
"""The snapshot's stream: round trips however it arrives, and clear errors for what is cut, damaged or of another version."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillmine.wire.errors import StillmineError
from stillmine.wire.kinds import Kind
from stillmine.wire.snapshot import (
    FeedSnapshotCutError,
    FeedSnapshotDamagedError,
    FeedSnapshotVersionError,
    SnapshotBlock,
    SnapshotHead,
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
