# SPDX-License-Identifier: Apache-2.0
"""Eight orientations made of bits, held against the eight that the kernel makes of real pictures; one by one and many at once agree."""

import random
from pathlib import Path

import pytest

from stillmine.fingerprint import VARIANTS, distance_bits, fingerprint_image
from stillmine.matching.kinds import FingerprintIndex
from stillmine.matching.turned import TURNS, orientations, turned, turned_frames
from stillmine.wire.kinds import Kind
from stillmine.wire.vpdq import VideoFrame, parse_vpdq


def test_turns_are_in_the_kernels_order_and_near_what_it_makes(root: Path) -> None:
    pictures = sorted((root / "media").rglob("*.jpg"))
    assert pictures
    for picture in pictures:
        made = fingerprint_image(picture.read_bytes())
        distances = dict(zip(VARIANTS, map(distance_bits, made.variants, orientations(made.pdq)), strict=True))
        assert distances["original"] == distances["transpose"] == 0
        assert max(distances.values()) <= 31, (picture.name, distances)


def test_turns_undo_each_other_and_differ() -> None:
    value = random.Random(1).randbytes(32)
    by_name = dict(zip(VARIANTS, orientations(value), strict=True))
    assert len(set(by_name.values())) == TURNS == len(VARIANTS)
    for name in VARIANTS:
        back = {"rotate90": "rotate270", "rotate270": "rotate90"}.get(name, name)
        assert dict(zip(VARIANTS, orientations(by_name[name]), strict=True))[back] == value
    with pytest.raises(ValueError, match="32 bytes"):
        turned(b"short")


def test_each_frame_of_a_video_is_turned() -> None:
    source = random.Random(2)
    frames = tuple(VideoFrame(source.randbytes(32), 90, float(second)) for second in range(3))
    for turn, made in enumerate(turned_frames(frames)):
        assert [frame.pdq for frame in made] == [orientations(frame.pdq)[turn] for frame in frames]
        assert [frame.seconds for frame in made] == [0.0, 1.0, 2.0]


def test_one_by_one_and_many_at_once_find_the_same_in_the_same_order() -> None:
    source = random.Random(3)
    index = FingerprintIndex()
    centre = source.randbytes(32)
    values = [near(centre, source.randrange(40), source) for _ in range(300)]
    for number, value in enumerate(values):
        index.add(number.to_bytes(16), Kind.PDQ, value)
    asked = [orientations(near(centre, source.randrange(40), source))[source.randrange(8)] for _ in range(50)]
    one_by_one = [index.ask(Kind.PDQ, value, 32) for value in asked]
    assert index.pictures.ask_many(asked, 32, threads=2) == one_by_one
    assert any(len(found) == 32 for found in one_by_one)


def test_what_is_asked_as_it_is_is_not_turned() -> None:
    source = random.Random(6)
    index = FingerprintIndex()
    values = [source.randbytes(32) for _ in range(9)]
    frames = [VideoFrame(source.randbytes(32), 90, float(second)) for second in range(12)]
    for number, value in enumerate(values):
        index.add(number.to_bytes(16), Kind.PDQ, value)
    index.add(b"v" * 16, Kind.VPDQ, text(frames))
    ids = [[number.to_bytes(16)] for number in range(9)]
    over = [orientations(value)[5] for value in values]
    assert [found(index, Kind.PDQ, value, 32, is_turned=False) for value in (*values, *over)] == [*ids, *[[]] * 9]
    assert [[one.id for one in many] for many in index.pictures.ask_many(values + over, 32, threads=2, is_turned=False)] == [
        *ids,
        *[[]] * 9,
    ]
    assert [[one.id for one in many] for many in index.pictures.ask_many(over, 32, threads=2)] == ids
    shown = [*frames, VideoFrame(values[3], 90, 12.0)]
    assert found(index, Kind.VPDQ, text(shown), 32, is_turned=False) == [b"v" * 16, ids[3][0]]
    turned_over = [frame._replace(pdq=orientations(frame.pdq)[5]) for frame in shown]
    assert found(index, Kind.VPDQ, text(turned_over), 32) == [b"v" * 16, ids[3][0]]
    assert found(index, Kind.VPDQ, text(turned_over), 32, is_turned=False) == []


def test_a_turned_video_is_found() -> None:
    source = random.Random(4)
    frames = [VideoFrame(source.randbytes(32), 90, float(second)) for second in range(12)]
    index = FingerprintIndex()
    index.add(b"v" * 16, Kind.VPDQ, text(frames))
    for turn in range(TURNS):
        asked = [frame._replace(pdq=orientations(frame.pdq)[turn]) for frame in frames]
        assert found(index, Kind.VPDQ, text(asked), 32) == [b"v" * 16]
    assert found(index, Kind.VPDQ, text([frame._replace(pdq=source.randbytes(32)) for frame in frames]), 32) == []


def test_each_comes_with_its_distance_where_there_is_one() -> None:
    source = random.Random(7)
    index = FingerprintIndex()
    picture, frames = source.randbytes(32), [VideoFrame(source.randbytes(32), 90, float(second)) for second in range(12)]
    index.add(b"p" * 16, Kind.PDQ, picture)
    index.add(b"v" * 16, Kind.VPDQ, text(frames))
    index.add(b"s" * 16, Kind.SHA256, picture)
    copies = [near(picture, bits, source) for bits in (0, 7, 31)]
    for is_turned in (True, False):
        assert [index.ask(Kind.PDQ, copy, 32, is_turned)[0].distance_bits for copy in copies] == [0, 7, 31]
        assert [many[0].distance_bits for many in index.pictures.ask_many(copies, 32, 1, is_turned)] == [0, 7, 31]
        shown = text([*frames, VideoFrame(copies[2], 90, 12.0), VideoFrame(copies[1], 90, 13.0)])
        assert index.ask(Kind.VPDQ, shown, 32, is_turned) == [(b"v" * 16, None), (b"p" * 16, 7)]
    assert index.ask(Kind.SHA256, picture, 32) == [(b"s" * 16, 0)]


def found(index: FingerprintIndex, kind: Kind, value: bytes, maximum: int, is_turned: bool = True) -> list[bytes]:
    return [one.id for one in index.ask(kind, value, maximum, is_turned)]


def near(value: bytes, bits: int, source: random.Random) -> bytes:
    number = int.from_bytes(value)
    for place in source.sample(range(256), bits):
        number ^= 1 << place
    return number.to_bytes(32)


def text(frames: list[VideoFrame]) -> bytes:
    made = "[" + ",".join(f'"{frame.pdq.hex()},{frame.quality},{frame.seconds}"' for frame in frames) + "]"
    assert len(parse_vpdq(made)) == len(frames)
    return made.encode()
