# SPDX-License-Identifier: Apache-2.0
"""What of an upload becomes queries: nothing is lost by cutting, a film costs few queries, and nonsense of a worker asks nothing."""

import numpy as np
import pytest

from stillmine.matching.kinds import FingerprintIndex
from stillmine.partner.asking.clear_memory import ClearMemory
from stillmine.partner.asking.queries import STILLS_ONE_BY_ONE, Asked, queries_of
from stillmine.partner.fingerprinting.worker_messages import Digest, JobResult, Media, Picture, Sound, TurnedFrame
from stillmine.partner.screening.made import Film, Made, made_of_file
from stillmine.wire.chromaprint import MAXIMUM_CHROMAPRINT_VALUES, format_chromaprint, parse_chromaprint
from stillmine.wire.errors import FingerprintMalformedError
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import Undone, Variant
from stillmine.wire.vpdq import MAXIMUM_VPDQ_FRAMES, VideoFrame, format_vpdq, parse_vpdq
from tests.partner.partner_parts import Clock

RANDOM = np.random.default_rng(14)
UPLOAD = b"u" * 32


def value() -> bytes:
    return RANDOM.bytes(32)


def frame(seconds: float, quality: int = 90) -> TurnedFrame:
    return TurnedFrame([value() for _ in range(8)], quality, seconds)


def film(frames: list[TurnedFrame], per_second: int = 2) -> Film:
    turned = [[VideoFrame(one.hashes[turn], one.quality, one.seconds) for one in frames] for turn in range(8)]
    return Film(turned, per_second)


def of(asked: list[Asked], kind: Kind) -> list[Asked]:
    return [one for one in asked if one.kind is kind]


def test_a_picture_is_its_hashes_each_once_below_quality_30_none_and_any_file_its_digests() -> None:
    hashes = [value() for _ in range(8)]
    whole, inner = Picture(hashes, 90, []), Picture([value(), *hashes[1:]], 90, [Undone.TRIM_BORDER])
    digests = [Digest(Kind.SHA256, value()), Digest(Kind.MD5, value()[:16])]
    answer = JobResult(Media.IMAGE, fingerprints=[*digests, whole, inner, Picture([value()], 29, [])])
    asked = queries_of(made_of_file(answer))
    assert [(one.variant, one.undone) for one in of(asked, Kind.PDQ)] == [
        *((variant, ()) for variant in Variant),
        (Variant.ORIGINAL, (Undone.TRIM_BORDER,)),
    ]
    assert [one.value for one in asked[-2:]] == [one.value.hex() for one in digests]


def test_a_film_is_asked_about_once_for_each_place_in_a_second_so_that_one_meets_the_stored_frames() -> None:
    frames = [frame(place / 2) for place in range(40)]
    asked = queries_of(Made(UPLOAD, [], [film(frames)]))
    assert len(asked) == 16
    first, *_ = asked
    assert [row.seconds for row in parse_vpdq(first.value)] == list(range(20))
    seen = {row.pdq for one in asked for row in parse_vpdq(one.value)}
    assert seen == {one for row in frames for one in row.hashes}, "each frame in every orientation"
    index = FingerprintIndex()
    stored = [VideoFrame(row.hashes[0], 90, place) for place, row in enumerate(frames[11:31:2])]
    index.add(b"i" * 16, Kind.VPDQ, format_vpdq(stored).encode())
    matching = [one.variant for one in asked if index.ask(Kind.VPDQ, one.value.encode(), 1, is_turned=False)]
    assert matching == [Variant.ORIGINAL], "only the frames at half seconds, as they are, are those of the stored video"


def test_a_still_scene_stays_its_first_and_its_last_frame_at_each_place() -> None:
    scene = frame(1)
    frames = [frame(0), frame(0.5), scene, TurnedFrame(scene.hashes, 90, 10.5), frame(11)]
    first, *_ = queries_of(Made(UPLOAD, [], [film(frames)]))
    assert [row.seconds for row in parse_vpdq(first.value)] == [0, 1, 10, 11]


def test_frames_without_detail_are_left_out_and_a_film_of_them_asks_nothing() -> None:
    assert queries_of(Made(UPLOAD, [], [film([frame(0, 49), frame(0.5, 10)])])) == []


def test_a_film_that_one_query_cannot_hold_is_cut_and_loses_no_frame() -> None:
    values = [RANDOM.bytes(32) for _ in range(2 * MAXIMUM_VPDQ_FRAMES + 10)]
    rows = [VideoFrame(one, 90, place) for place, one in enumerate(values)]
    asked = queries_of(Made(UPLOAD, [], [Film([rows], 1)]))
    assert [len(parse_vpdq(one.value)) for one in asked] == [MAXIMUM_VPDQ_FRAMES, MAXIMUM_VPDQ_FRAMES, 10]
    assert [row.pdq for one in asked for row in parse_vpdq(one.value)] == values


@pytest.mark.parametrize("count", [STILLS_ONE_BY_ONE, STILLS_ONE_BY_ONE + 1, 5000])
def test_many_stills_of_a_film_cost_few_queries_and_each_is_still_compared(count: int) -> None:
    stills = [
        Picture([value() for _ in range(8)], 90, [Undone.TRIM_CAPTION] if place % 2 else [], (place / 2, place / 2))
        for place in range(count)
    ]
    cover = Picture([value() for _ in range(8)], 90, [])
    asked = queries_of(Made(UPLOAD, [], [*stills, cover]))
    in_any_order = queries_of(Made(UPLOAD, [], [*stills[::-1], cover]))
    assert set(in_any_order) == set(asked)
    if count <= STILLS_ONE_BY_ONE:
        assert [one.kind for one in asked] == [Kind.PDQ] * (8 * count + 8)
        assert asked[8].spans[0].upload_start_seconds == 0.5
        return
    assert [one.kind for one in asked] == [Kind.PDQ] * 8 + [Kind.VPDQ] * 16
    protected = stills[count // 2]
    index = FingerprintIndex()
    index.add(b"i" * 16, Kind.PDQ, protected.hashes[3])
    (found,) = [one for one in asked if index.ask(one.kind, _compact(one), 1, is_turned=False)]
    assert (found.variant, list(found.undone)) == (list(Variant)[3], protected.undone)


def _compact(one: Asked) -> bytes:
    return bytes.fromhex(one.value) if one.kind is Kind.PDQ else one.value.encode()


def sound(count: int) -> list[int]:
    """Values of which each changes some bits of the one before."""
    changes = (1 << RANDOM.integers(0, 32, count)) | (1 << RANDOM.integers(0, 32, count))
    values: list[int] = np.bitwise_xor.accumulate(changes).tolist()
    return values


@pytest.mark.parametrize("values", [[0], [1, 1], [0xFFFFFFFF, 0, 0x80000001], sound(3000)])
def test_the_text_of_a_sound_is_what_is_read_back(values: list[int]) -> None:
    assert list(parse_chromaprint(format_chromaprint(values))) == values


@pytest.mark.parametrize("values", [[], [-1], [1 << 32], [0] * (MAXIMUM_CHROMAPRINT_VALUES + 1), [0, 0xFFFFFFFF] * 8000])
def test_what_no_text_can_hold_is_refused(values: list[int]) -> None:
    with pytest.raises(FingerprintMalformedError):
        format_chromaprint(values)


@pytest.mark.parametrize(("start", "length"), [(0, 400), (11_900, 700), (15_360, 12_288), (29_000, 12_000), (50_000, 8_000)])
def test_a_long_sound_is_cut_so_that_a_stored_part_of_it_is_found_wherever_it_stands(start: int, length: int) -> None:
    values = sound(58_000)
    asked = queries_of(Made(UPLOAD, [], [Sound(values)]))
    assert 1 < len(asked) < 30
    index = FingerprintIndex()
    index.add(b"i" * 16, Kind.CHROMAPRINT, format_chromaprint(values[start : start + length]).encode())
    assert any(index.ask(Kind.CHROMAPRINT, one.value.encode(), 1) for one in asked)


@pytest.mark.parametrize(
    "made",
    [
        Made(UPLOAD, [], [Picture([b"short"], 90, [])]),
        Made(UPLOAD, [], [Film([[VideoFrame(b"short", 90, 0)]], 1)]),
        Made(UPLOAD, [], [Film([[VideoFrame(b"v" * 32, 90, 5), VideoFrame(b"w" * 32, 90, 1)]], 1)]),
        Made(UPLOAD, [], [Sound([1 << 40])]),
        Made(UPLOAD, [], [Digest(Kind.SHA256, b"short")]),
    ],
)
def test_nonsense_of_a_worker_that_a_stranger_took_over_is_refused(made: Made) -> None:
    with pytest.raises(FingerprintMalformedError):
        queries_of(made)


def test_the_memory_of_what_was_clear_is_bounded_and_holds_no_value(clock: Clock) -> None:
    memory = ClearMemory(b"k" * 32, clock.seconds, most=10)
    asked = [Asked(Kind.PDQ, value().hex()) for _ in range(20)]
    for one in asked:
        memory.keep([one], clock.seconds(), clock.now)
    assert len(memory) == 10
    assert [memory.cleared_at(one) for one in asked] == [None] * 10 + [clock.now] * 10
    assert not any(
        bytes.fromhex(one.value)[:8] in repr(memory.__dict__).encode() or one.value[:16] in repr(memory.__dict__) for one in asked
    )
    assert memory.cleared_at(Asked(Kind.SHA256, asked[-1].value)) is None, "of this kind only"
    assert ClearMemory(b"other" * 8, clock.seconds)._digest(asked[0]) != memory._digest(asked[0])
    clock.move(60)
    assert memory.cleared_at(asked[-1]) is None
    memory.keep([asked[0]], clock.seconds(), clock.now)
    assert len(memory) == 1, "what is too old goes"
    clock.move(30)
    memory.keep([asked[1]], clock.seconds(), clock.now)
    clock.move(20)
    memory.keep([asked[0]], clock.seconds(), clock.now)
    clock.move(41)
    memory.keep([asked[2]], clock.seconds(), clock.now)
    assert len(memory) == 2, "also where what was kept before it is newer by now"
    clock.move(-5)
    assert memory.cleared_at(asked[2]) is None, "a clock that goes back proves nothing"
