# SPDX-License-Identifier: Apache-2.0
"""Many videos: the index finds what aligning with each of them finds, through any order of changes, and nothing removed."""

import random
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillmine.matching import video as video_module
from stillmine.matching.video import VideoIndex
from stillmine.matching.video_alignment import aligned_spans, comparable, phases, spread
from stillmine.wire.vpdq import VideoFrame
from tests.matching.coming_and_going import what_went_wrong

TITLE = random.Random(77).randbytes(32)


def frames(values: list[bytes], start: float = 0.0, per_second: int = 1) -> list[VideoFrame]:
    return [VideoFrame(value, 90, start + place / per_second) for place, value in enumerate(values)]


def scene(source: random.Random, seconds: int) -> list[bytes]:
    """Some of it still, some of it the title that all share."""
    values: list[bytes] = []
    while len(values) < seconds:
        values += [source.choice([source.randbytes(32), TITLE])] * source.choice([1, 1, 1, 4])
    return values[:seconds]


def worn(source: random.Random, value: bytes) -> bytes:
    mask = sum(1 << place for place in source.sample(range(256), source.randint(0, 34)))
    return (int.from_bytes(value) ^ mask).to_bytes(32)


def found_by_aligning(stored: dict[bytes, list[VideoFrame]], query: list[VideoFrame], per_second: int) -> set[bytes]:
    asked = phases(spread(comparable(query), per_second), per_second)
    return {id_ for id_, held in stored.items() if any(aligned_spans(phase, spread(comparable(held))) for phase in asked)}


@pytest.mark.parametrize("per_second", [1, 2])
@pytest.mark.parametrize("seed", range(25))
def test_what_aligning_with_every_video_finds_is_found(seed: int, per_second: int) -> None:
    source = random.Random(seed)
    scenes = {bytes([number]) * 16: scene(source, source.randint(1, 40)) for number in range(20)}
    stored = {id_: frames(values) for id_, values in scenes.items()}
    index = VideoIndex()
    for id_, held in stored.items():
        index.add(id_, held)
    for values in list(scenes.values())[:6]:
        part = values[source.randrange(len(values)) :]
        mixed = [*scene(source, source.choice([0, 5])), *part, *scene(source, source.choice([0, 5, 30]))]
        query = frames([worn(source, value) for value in mixed for _ in range(per_second)], per_second=per_second)
        expected = found_by_aligning(stored, query, per_second)
        assert {match.id for match in index.search(query, per_second)} == expected


@given(st.lists(st.tuples(st.sampled_from("ard"), st.integers(0, 9), st.integers(0, 5)), max_size=60))
def test_any_order_of_changes_leaves_what_a_dictionary_would_hold(steps: list[tuple[str, int, int]]) -> None:
    scenes = [frames(scene(random.Random(seed), 10)) for seed in range(6)]
    index, model = VideoIndex(), dict[bytes, list[VideoFrame]]()
    for what, number, seed in steps:
        id_ = bytes([number]) * 16
        if what == "d":
            assert index.remove(id_) == (model.pop(id_, None) is not None)
        else:
            index.add(id_, scenes[seed])
            model[id_] = scenes[seed]
    assert len(index) == len(model)
    for asked in scenes:
        assert {match.id for match in index.search(asked)} == found_by_aligning(model, asked, 1)


def test_a_title_that_a_thousand_videos_share_is_aligned_with_none() -> None:
    source = random.Random(1)
    index = VideoIndex()
    for number in range(1_000):
        index.add(number.to_bytes(16), frames([TITLE, TITLE, *(source.randbytes(32) for _ in range(8))]))
    film = [TITLE, TITLE, *(source.randbytes(32) for _ in range(20))]
    index.add(b"f" * 16, frames(film))
    with patch.object(video_module, "aligned_spans", wraps=aligned_spans) as align:
        assert [match.id for match in index.search(frames(film))] == [b"f" * 16]
    assert align.call_count == 1


def test_what_is_removed_is_overwritten() -> None:
    index = VideoIndex()
    index.add(b"v" * 16, frames(scene(random.Random(2), 30)))
    (held,) = index._videos.values()
    assert index.remove(b"v" * 16)
    assert not held.frames.words.any()
    assert len(index._frames) == 0


def test_a_removed_video_is_never_found_while_others_come_and_go() -> None:
    source = random.Random(3)
    film, *strangers = (frames([source.randbytes(32) for _ in range(length)]) for length in [40, *[20] * 20])
    assert what_went_wrong(VideoIndex(), film, strangers) == []


def test_a_video_without_detail_is_held_and_never_found() -> None:
    index = VideoIndex()
    index.add(b"d" * 16, [VideoFrame(TITLE, 49, 0.0)])
    assert (len(index), b"d" * 16 in index, index.search(frames([TITLE])), index.search([])) == (1, True, [], [])
    assert index.remove(b"d" * 16)
