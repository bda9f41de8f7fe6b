# SPDX-License-Identifier: Apache-2.0
"""Videos: copies, cuts and longer ones that hold a copy match, with their seconds; a shared logo, title or black frame does not."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillmine.matching.results import AlignedSpan
from stillmine.matching.video import VideoIndex
from stillmine.matching.video_alignment import MAXIMUM_FRAMES, comparable, spread
from stillmine.wire.vpdq import MAXIMUM_VPDQ_FRAMES, VideoFrame

ID, OTHER = b"i" * 16, b"o" * 16


def scene(seed: int, seconds: int, start: float = 0.0, quality: int = 90) -> list[VideoFrame]:
    """Frames that have nothing to do with each other, one a second."""
    source = random.Random(seed)
    return [VideoFrame(source.randbytes(32), quality, start + place) for place in range(seconds)]


def still(seed: int, seconds: float, start: float = 0.0) -> list[VideoFrame]:
    """A picture that stands, as its first and last frame."""
    value = random.Random(seed).randbytes(32)
    return [VideoFrame(value, 90, start), VideoFrame(value, 90, start + seconds)]


def moved(frames: Sequence[VideoFrame], by: float) -> list[VideoFrame]:
    return [frame._replace(seconds=frame.seconds + by) for frame in frames]


def worn(frames: Sequence[VideoFrame], bits: int, seed: int = 7) -> list[VideoFrame]:
    """Frames with so many bits changed, others in each."""
    source = random.Random(seed)
    changed = []
    for frame in frames:
        mask = sum(1 << place for place in source.sample(range(256), bits))
        changed.append(frame._replace(pdq=(int.from_bytes(frame.pdq) ^ mask).to_bytes(32)))
    return changed


def spans(stored: Sequence[VideoFrame], query: Sequence[VideoFrame], frames_per_second: int = 1) -> tuple[AlignedSpan, ...]:
    index = VideoIndex()
    index.add(ID, stored)
    index.add(OTHER, scene(999, 30))
    found = index.search(query, frames_per_second)
    assert all(match.id == ID for match in found)
    return found[0].spans if found else ()


FILM = scene(1, 60)


def test_the_same_is_exact() -> None:
    index = VideoIndex()
    index.add(ID, FILM)
    (match,) = index.search(FILM)
    assert (match.id, match.is_exact, match.spans) == (ID, True, (AlignedSpan(0, 59, 0, 59),))


@pytest.mark.parametrize("bits", [1, 20, 31])
def test_a_worn_copy_matches(bits: int) -> None:
    assert spans(FILM, worn(FILM, bits)) == (AlignedSpan(0, 59, 0, 59),)


def test_one_bit_too_many_does_not() -> None:
    assert spans(FILM, worn(FILM, 32)) == ()


@pytest.mark.parametrize(
    ("frames", "seconds_each"), [(FILM[::2], 1.0), (FILM, 0.8), (FILM, 1.1), (FILM, 2.0)], ids=["2", "1.25", "0.9", "0.5"]
)
def test_a_copy_at_another_speed_matches(frames: list[VideoFrame], seconds_each: float) -> None:
    query = [frame._replace(seconds=place * seconds_each) for place, frame in enumerate(frames)]
    found = spans(FILM, query)
    assert found[0].query_start == 0
    assert found[-1].query_end >= 0.9 * query[-1].seconds
    assert found[-1].stored_end >= 0.9 * FILM[-1].seconds


def test_a_cut_says_from_where() -> None:
    assert spans(FILM, moved(FILM[20:31], -20)) == (AlignedSpan(0, 10, 20, 30),)


def test_a_longer_video_that_holds_all_of_it_says_where() -> None:
    compilation = [*scene(2, 40), *moved(FILM, 40), *scene(3, 40, 100)]
    assert spans(FILM, compilation) == (AlignedSpan(40, 99, 0, 59),)


def test_a_few_frames_may_be_lost_between() -> None:
    lost = [*FILM[:20], *scene(4, 5, 20), *FILM[25:]]
    assert spans(FILM, lost) == (AlignedSpan(0, 19, 0, 19), AlignedSpan(25, 59, 25, 59))


@pytest.mark.parametrize("by", [-0.4, 0.3, 0.5, 0.9, 17.6])
def test_a_copy_shifted_by_part_of_a_second_matches(by: float) -> None:
    assert spans(FILM[20:30], moved(FILM[20:30], by)) != ()


@pytest.mark.parametrize("phase", [0.0, 0.5])
def test_a_cut_asked_about_twice_a_second_needs_only_the_frames_that_fit(phase: float) -> None:
    """What is on screen between a case's seconds is in no case."""
    cut = [frame._replace(seconds=place + phase) for place, frame in enumerate(FILM[20:31])]
    between = [frame._replace(seconds=place + 0.5 - phase) for place, frame in enumerate(scene(8, 11))]
    asked = sorted([*cut, *between], key=lambda frame: frame.seconds)
    (span,) = spans(FILM, asked, frames_per_second=2)
    assert (span.stored_start, span.stored_end, span.query_end - span.query_start) == (20, 30, 10)


def test_half_a_film_with_another_half_does_not_match() -> None:
    assert spans(FILM, [*FILM[:30], *scene(5, 30, 30)]) == ()


def test_the_order_of_time_counts() -> None:
    shuffled = [frame._replace(seconds=float(place)) for place, frame in enumerate(random.Random(1).sample(FILM, len(FILM)))]
    assert spans(FILM, shuffled) == ()


LOGO = still(50, 4)
TITLE = still(51, 3)


@pytest.mark.parametrize("own_seconds", [3, 10, 60])
def test_a_shared_logo_is_no_match(own_seconds: int) -> None:
    first = [*LOGO, *scene(60, own_seconds, 5), *moved(TITLE, 6 + own_seconds)]
    second = [*LOGO, *scene(61, own_seconds + 9, 5), *moved(TITLE, 15 + own_seconds)]
    assert spans(first, second) == ()
    assert spans(second, first) == ()


def test_a_shared_logo_before_another_still_picture_is_no_match() -> None:
    """Written in two frames each, but the still pictures last longer."""
    assert spans([*LOGO, *still(70, 30, 5)], [*LOGO, *still(71, 30, 5)]) == ()


def test_a_clip_that_is_nothing_but_a_logo_matches_only_its_like() -> None:
    flash = [LOGO[0]]
    assert spans(flash, [*LOGO, *scene(62, 30, 5)]) == ()
    assert spans([*LOGO, *scene(62, 30, 5)], flash) == ()
    assert spans(flash, flash) == (AlignedSpan(0, 0, 0, 0),)


def test_frames_without_detail_are_not_compared() -> None:
    black = [VideoFrame(bytes(32), 49, float(place)) for place in range(40)]
    assert spans([*black, *scene(63, 5, 40)], [*black, *scene(64, 5, 40)]) == ()
    assert spans(black, black) == ()
    assert spans([*black, *moved(FILM, 40)], FILM)


def test_a_still_picture_matches_however_long_it_stands() -> None:
    assert spans(still(80, 60), still(80, 7)) != ()
    assert spans(still(80, 7), still(80, 60)) != ()


def test_removed_videos_are_not_found_and_their_frames_are_gone() -> None:
    index = VideoIndex()
    index.add(ID, FILM)
    index.add(OTHER, FILM)
    assert index.remove(ID)
    assert not index.remove(ID)
    assert (ID in index, OTHER in index, len(index)) == (False, True, 1)
    assert [match.id for match in index.search(FILM)] == [OTHER]
    index.remove(OTHER)
    assert (index.search(FILM), len(index), len(index._frames)) == ([], 0, 0)


def test_adding_again_replaces() -> None:
    index = VideoIndex()
    index.add(ID, FILM)
    index.add(ID, scene(90, 20))
    assert index.search(FILM) == []
    assert len(index.search(scene(90, 20))) == 1


def test_longest_match_first() -> None:
    index = VideoIndex()
    index.add(ID, FILM[:20])
    index.add(OTHER, FILM)
    assert [match.id for match in index.search(FILM)] == [OTHER, ID]


def test_hostile_lists_of_one_picture_are_answered_in_bounded_memory() -> None:
    same = [VideoFrame(b"x" * 32, 90, float(place)) for place in range(MAXIMUM_VPDQ_FRAMES)]
    assert spans(same, same[:500]) != ()
    assert len(spread(comparable(still(1, 86_400)))) <= MAXIMUM_FRAMES


@given(st.lists(st.floats(0, 1000), min_size=0, max_size=40), st.integers(0, 3))
def test_any_times_are_taken(times: list[float], kinds: int) -> None:
    frames = [VideoFrame(bytes([place % (kinds + 1)]) * 32, 90, at) for place, at in enumerate(sorted(times))]
    index = VideoIndex()
    index.add(ID, frames)
    for match in index.search(frames):
        for span in match.spans:
            assert span.query_start <= span.query_end
            assert span.stored_start <= span.stored_end + 2
