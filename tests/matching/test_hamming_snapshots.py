# SPDX-License-Identifier: Apache-2.0
"""A snapshot is whole or refused with a sentence: never a wrong answer, never a crash."""

from pathlib import Path

import numpy as np
import pytest

from stillmine.matching.errors import (
    SnapshotDamagedError,
    SnapshotKindError,
    SnapshotTruncatedError,
    SnapshotVersionError,
)
from stillmine.matching.hamming import HammingIndex
from stillmine.wire.errors import StillmineError
from tests.matching.hamming_oracle import index_of, numbered_ids, random_values

PAGE = 4096


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("snapshot") / "index"
    index_of(numbered_ids(2500), random_values(np.random.default_rng(1), 2500)).write_snapshot(path)
    return path.read_bytes()


def opening(path: Path, content: bytes) -> type[StillmineError] | None:
    path.write_bytes(content)
    try:
        HammingIndex.open_snapshot(path)
    except StillmineError as error:
        return type(error)
    return None


def test_cut_anywhere_it_is_truncated(snapshot: bytes, tmp_path: Path) -> None:
    lengths = {0, 1, 8, 64, PAGE - 1, PAGE, PAGE + 1, len(snapshot) - 1, len(snapshot) - PAGE, *range(0, len(snapshot), 9973)}
    for length in sorted(lengths - {len(snapshot)}):
        assert opening(tmp_path / "cut", snapshot[:length]) is SnapshotTruncatedError, length


def test_any_changed_byte_is_seen(snapshot: bytes, tmp_path: Path) -> None:
    assert opening(tmp_path / "same", snapshot) is None
    places = {*range(0, PAGE, 61), *range(64), *range(PAGE - 8, PAGE), *range(PAGE, len(snapshot), 7919), len(snapshot) - 1}
    for place in sorted(places):
        changed = bytearray(snapshot)
        changed[place] ^= 1 << (place % 8)
        assert opening(tmp_path / "changed", bytes(changed)) is not None, place


def test_something_after_the_end_is_seen(snapshot: bytes, tmp_path: Path) -> None:
    assert opening(tmp_path / "longer", snapshot + bytes(PAGE)) is SnapshotDamagedError


@pytest.mark.parametrize(
    ("place", "error"), [(0, SnapshotKindError), (8, SnapshotKindError), (12, SnapshotVersionError), (16, SnapshotKindError)]
)
def test_other_files_versions_and_kinds_are_named(snapshot: bytes, tmp_path: Path, place: int, error: type[StillmineError]) -> None:
    changed = bytearray(snapshot)
    changed[place] ^= 2
    assert opening(tmp_path / "other", bytes(changed)) is error


def test_files_of_other_things(tmp_path: Path) -> None:
    assert opening(tmp_path / "picture", b"\xff\xd8\xff" + bytes(2 * PAGE)) is SnapshotKindError
    with pytest.raises(SnapshotKindError):
        HammingIndex.open_snapshot(tmp_path)
    with pytest.raises(FileNotFoundError):
        HammingIndex.open_snapshot(tmp_path / "nothing")


def test_it_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    index = HammingIndex()
    index.add(bytes(16), bytes(32))
    with pytest.raises(FileNotFoundError):
        index.write_snapshot(tmp_path / "no folder" / "index")
    (tmp_path / "in the way").mkdir()
    with pytest.raises(IsADirectoryError):
        index.write_snapshot(tmp_path / "in the way")
    index.write_snapshot(tmp_path / "index")
    index.write_snapshot(tmp_path / "index")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in the way", "index"]
    assert (tmp_path / "index").stat().st_mode & 0o777 == 0o600


def test_the_same_index_gives_the_same_bytes(tmp_path: Path) -> None:
    index = index_of(numbered_ids(5000), random_values(np.random.default_rng(2), 5000))
    index.write_snapshot(tmp_path / "one")
    HammingIndex.open_snapshot(tmp_path / "one").write_snapshot(tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize("count", [100, 3000])
def test_a_removed_fingerprint_is_not_in_a_later_snapshot(tmp_path: Path, count: int) -> None:
    """Values are permuted in the file, which leaves one of all ones as it is."""
    section = slice(PAGE, PAGE + 32 * count)
    values = random_values(np.random.default_rng(3), count)
    values[7] = 0xFF
    ids = numbered_ids(count)
    index = index_of(ids, values)
    index.write_snapshot(tmp_path / "before")
    opened = HammingIndex.open_snapshot(tmp_path / "before")
    for one in (index, opened):
        assert one.remove(ids[7].tobytes())
        one.write_snapshot(tmp_path / "after")
        assert b"\xff" * 32 in (tmp_path / "before").read_bytes()[section]
        assert b"\xff" * 32 not in (tmp_path / "after").read_bytes()[section]
        assert ids[7].tobytes() not in (tmp_path / "after").read_bytes()


def test_updates_of_an_opened_snapshot_leave_the_file_alone(tmp_path: Path) -> None:
    ids, values = numbered_ids(70_000), random_values(np.random.default_rng(4), 70_000)
    index_of(ids, values).write_snapshot(tmp_path / "index")
    written = (tmp_path / "index").read_bytes()
    opened = HammingIndex.open_snapshot(tmp_path / "index")
    (tmp_path / "index").unlink()
    for place in range(0, 3000, 2):
        assert opened.remove(ids[place].tobytes())
        opened.add(ids[place + 1].tobytes(), bytes(32))
    assert opened.search(values[0].tobytes()) == []
    assert len(opened.search(bytes(32), 0)) == 1500
    (tmp_path / "index").write_bytes(written)
    assert [near.id for near in HammingIndex.open_snapshot(tmp_path / "index").search(values[0].tobytes())] == [ids[0].tobytes()]
