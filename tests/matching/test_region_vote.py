# SPDX-License-Identifier: Apache-2.0
"""The vote finds the one place that pairs agree on, whatever lies between, and refining makes it exact without leaving it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from stillmine.matching.region_frames import Map, affine, frames_through, points_through, turned_over
from stillmine.matching.region_look import look, places
from stillmine.matching.region_pdq import implied_map
from stillmine.matching.region_refine import MAXIMUM_GUIDED, MINIMUM_SUPPORT, Located, is_close, located, refined
from stillmine.matching.region_values import QueryRegions, StoredRegions, View, distances_between, frames_of_geometry, query_regions
from stillmine.matching.region_vote import ENOUGH_PAIRS, MAXIMUM_GROUPS, MAXIMUM_PAIRS, Group, vote
from stillmine.matching.region_words import describe
from tests.matching.region_scenes import HEIGHT, WIDTH, flipped, random_frames, random_hashes, scene, similarity

CORNERS = np.array([(0.0, 0), (WIDTH, 0), (WIDTH, HEIGHT), (0, HEIGHT)])
MIDDLE = np.array([[WIDTH / 2, HEIGHT / 2]])

similarities = st.builds(
    similarity, st.floats(-180, 180), st.floats(0.3, 3), st.tuples(st.floats(-100, 100), st.floats(-100, 100)), st.booleans()
)


def voted(stored: StoredRegions, query: QueryRegions, pairs: NDArray[np.int64], false: int = 0, seed: int = 0) -> list[Group]:
    """Vote over true pairs and some that are none."""
    random = np.random.default_rng(seed)
    others = np.stack([random.integers(0, len(stored), false), random.integers(0, len(query), false)], axis=1)
    all_pairs = random.permutation(np.concatenate([pairs, others]))
    return vote(stored.frames, query.frames, all_pairs, random.integers(0, 32, len(all_pairs)))


@settings(max_examples=60)
@given(similarities, st.integers(0, 10**6), st.integers(3, 12), st.integers(0, 20))
def test_what_was_done_is_found_among_pairs_that_lie_anywhere(map_: Map, seed: int, found: int, false: int) -> None:
    stored, query, pairs = scene(seed, map_, found, shaken_by=0.02)
    groups = voted(stored, query, pairs, false, seed)
    assert groups
    truth = {tuple(pair) for pair in pairs.tolist()}
    assert len(truth & set(zip(groups[0].stored.tolist(), groups[0].query.tolist(), strict=True))) >= min(found, ENOUGH_PAIRS) - 1
    scale = np.sqrt(abs(np.linalg.det(map_[:2, :2])))
    off = points_through(groups[0].map, stored.frames[groups[0].stored, :2]) - query.frames[groups[0].query, :2]
    assert np.abs(off).max() <= 0.35 * 30 * scale * 1.1


def test_no_pair_is_no_group() -> None:
    stored, query, _ = scene(1, similarity())
    assert voted(stored, query, np.empty((0, 2), np.int64)) == []


def test_one_region_of_either_side_is_one_however_many_it_is_paired_with() -> None:
    stored, query, pairs = scene(1, similarity())
    same = np.repeat(query.frames[pairs[0, 1]][None], len(query), axis=0)
    one_stored = np.stack([np.zeros(len(query), np.int64), np.arange(len(query))], axis=1)
    assert [len(group) for group in vote(stored.frames, same, one_stored, np.zeros(len(query), np.int64))] == [1]
    same_stored = np.repeat(stored.frames[:1], 36, axis=0)
    one_query = np.stack([np.arange(36), np.full(36, pairs[0, 1])], axis=1)
    assert [len(group) for group in vote(same_stored, query.frames, one_query, np.zeros(36, np.int64))] == [1]


def test_a_mirrored_region_never_stands_with_one_that_is_not() -> None:
    stored, query, pairs = scene(5, similarity(), found=2, shaken_by=0)
    frames = query.frames.copy()
    assert [len(group) for group in vote(stored.frames, frames, pairs, np.zeros(2, np.int64))] == [2]
    frames[pairs[1, 1]] = turned_over(frames[pairs[1, 1]][None])[0]
    assert [len(group) for group in vote(stored.frames, frames, pairs, np.array([5, 4]))] == [1, 1]


def test_two_places_of_one_picture_are_two_groups_the_larger_first() -> None:
    stored, left, pairs = scene(7, similarity(scale=0.5), found=6)
    frames = np.concatenate([left.frames, frames_through(similarity(scale=0.5, shift=(160, 0)), stored.frames)])
    again = np.stack([np.arange(4), len(left) + np.arange(4)], axis=1)
    groups = vote(stored.frames, frames, np.concatenate([again, pairs]), np.zeros(10, np.int64))
    assert [len(group) for group in groups] == [6, 4]
    assert np.allclose(groups[1].map, similarity(scale=0.5, shift=(160, 0)))


def test_pairs_beyond_the_bound_are_the_ones_furthest_in_bits() -> None:
    stored, query, pairs = scene(9, similarity(), found=6)
    random = np.random.default_rng(0)
    crowd = np.stack([random.integers(0, 36, 5000), random.integers(0, len(query), 5000)], axis=1)
    distances = np.concatenate([np.full(5000, 31), np.full(6, 5)])
    groups = vote(stored.frames, query.frames, np.concatenate([crowd, pairs]), distances)
    assert len(groups[0]) >= 6
    assert len(groups) == MAXIMUM_GROUPS
    assert len(groups[0].stored) <= MAXIMUM_PAIRS


def tilted(amount: float) -> Map:
    """Return a map as of a picture photographed from the side."""
    map_ = affine(np.diag([0.9, 0.9]), np.array([10.0, 8.0]))
    map_[2, 0] = amount / WIDTH
    return map_


def furthest(map_: Map, truth: Map, points: NDArray[np.float64] = CORNERS) -> float:
    return float(np.hypot(*(points_through(map_, points) - points_through(truth, points)).T).max())


def found_by(stored: StoredRegions, query: QueryRegions, pairs: NDArray[np.int64]) -> list[Located]:
    return located(stored, query, pairs, np.zeros(len(pairs), np.int64))


@pytest.mark.parametrize("seed", range(8))
def test_refining_finds_a_squeezed_picture_exactly(seed: int) -> None:
    truth = affine(np.array([[0.8, 0.05], [-0.04, 1.1]]), np.array([12.0, -9.0]))
    stored, query, pairs = scene(seed, truth, found=24, shaken_by=0.06, bits=60)
    place = found_by(stored, query, pairs[:3])[0]
    assert place.support >= 20
    assert furthest(place.map, truth) < 4 < furthest(voted(stored, query, pairs[:3])[0].map, truth)


@pytest.mark.parametrize("seed", range(8))
def test_refining_finds_a_picture_seen_from_the_side(seed: int) -> None:
    truth = tilted(0.3)
    stored, query, pairs = scene(seed, truth, found=30, shaken_by=0.06, bits=60)
    place = found_by(stored, query, pairs[:8])[0]
    assert place.support >= 24
    assert furthest(place.map, truth) < 5
    assert place.map[2, 0] == pytest.approx(truth[2, 0], rel=0.35)


def test_two_pairs_alone_are_a_candidate_and_its_map_is_affine() -> None:
    truth = similarity(10, 0.7, (30, 20))
    stored, query, pairs = scene(3, truth, found=2, shaken_by=0.01)
    place = found_by(stored, query, pairs)[0]
    assert place.support == 2
    assert place.map[2].tolist() == [0, 0, 1]
    assert furthest(place.map, truth, MIDDLE) < 8


def test_one_pair_is_a_candidate_only_with_others_that_lie_where_it_says() -> None:
    truth = similarity(-20, 0.9, (10, 40))
    for found in range(1, 6):
        stored, query, pairs = scene(found, truth, found=found, shaken_by=0.02, bits=70)
        places = found_by(stored, query, pairs[:1])
        assert [place.support for place in places] == ([found] if found >= MINIMUM_SUPPORT else [])


def test_of_two_places_the_better_supported_comes_first() -> None:
    here, there = similarity(scale=0.5), similarity(scale=0.5, shift=(160, 0))
    stored, left, pairs = scene(7, here, found=4, shaken_by=0.01)
    random = np.random.default_rng(5)
    frames = np.concatenate([left.frames, frames_through(there, stored.frames)])
    query = QueryRegions(WIDTH, HEIGHT, np.concatenate([left.hashes, flipped(random, stored.hashes, 60)]), frames)
    both = np.concatenate([pairs, np.stack([np.arange(3), len(left) + np.arange(3)], axis=1)])
    first, second = found_by(stored, query, both)
    assert (first.support, second.support) == (36, 4)
    assert np.allclose(first.map, there, atol=0.1)


def test_where_pdq_implies_it_refining_needs_no_vote() -> None:
    truth = similarity(0, 0.98, (3, 2))
    stored, query, _ = scene(2, truth, found=20, shaken_by=0.05, bits=60)
    place = refined(stored, query, np.eye(3))
    assert place.support >= 18
    assert furthest(place.map, truth) < 3
    nothing = scene(2, similarity(shift=(900, 0)), found=20)[1]
    assert refined(stored, nothing, np.eye(3)).map.tolist() == np.eye(3).tolist()


@settings(max_examples=40)
@given(similarities, st.integers(0, 10**6))
def test_no_query_draws_the_map_away_from_what_was_voted(map_: Map, seed: int) -> None:
    """A query whose regions are all like all stored ones, anywhere: whatever is fitted, it stays with one of the votes."""
    random = np.random.default_rng(seed)
    stored, query, pairs = scene(seed, map_, found=4)
    crowd = np.concatenate([query.frames, random_frames(random, 200)])
    hashes = np.concatenate([query.hashes, flipped(random, stored.hashes[random.integers(0, 36, 200)], 40)])
    hostile = QueryRegions(WIDTH, HEIGHT, hashes, crowd)
    groups = vote(stored.frames, hostile.frames, pairs, np.zeros(4, np.int64))
    for place in found_by(stored, hostile, pairs):
        assert any(is_close(place.map, group.map, stored.frames[group.stored]) for group in groups)


def test_what_is_close_to_the_vote() -> None:
    frames = random_frames(np.random.default_rng(2), 6)
    voted_map = similarity(20, 0.8, (5, 5))
    assert is_close(voted_map, voted_map, frames)
    assert not is_close(similarity(20, 0.8, (60, 5)), voted_map, frames)
    assert not is_close(similarity(20, 0.8, (5, 5), is_mirrored=True), voted_map, frames)
    assert not is_close(np.full((3, 3), np.nan), voted_map, frames)
    behind = voted_map.copy()
    behind[2, 0] = -1 / 100
    assert not is_close(behind, voted_map, frames)


def hostile_pictures(seed: int, are_alike: bool) -> tuple[StoredRegions, QueryRegions]:
    """Return pictures of any shape, regions anywhere, all alike or none."""
    random = np.random.default_rng(seed)
    sides = random.integers(1, 65_536, 6)
    geometry = random.integers(0, 256, (36, 5), dtype=np.uint8)
    geometry[18:] = geometry[0]
    hashes = np.zeros((36, 32), np.uint8) if are_alike else random_hashes(random, 36)
    rows = np.concatenate([np.zeros((200, 64), np.uint8), random.integers(0, 256, (200, 5), dtype=np.uint8)], axis=1)
    rows[100:, 64:] = rows[0, 64:]
    views = [View(int(sides[0]), int(sides[1]), rows.tobytes()), View(int(sides[2]), int(sides[3]), rows[::2].tobytes())]
    stored = StoredRegions(int(sides[4]), int(sides[5]), hashes, frames_of_geometry(geometry, int(sides[4]), int(sides[5])))
    return stored, query_regions(int(sides[1]), int(sides[0]), views)


@pytest.mark.parametrize("are_alike", [True, False])
@pytest.mark.parametrize("seed", range(6))
def test_no_numbers_of_a_stranger_break_it(seed: int, are_alike: bool) -> None:
    """numpy's warnings are errors here: nothing may be divided by zero, overflow or become no number."""
    stored, query = hostile_pictures(seed, are_alike)
    bits = distances_between(stored.hashes, query.hashes)
    found = located(stored, query, np.argwhere(bits <= 31), bits[bits <= 31])
    for place in [*found, refined(stored, query, implied_map(stored.width, stored.height, seed, (0, 0, 5, 7)))]:
        is_visible, frames = places(stored.frames, place.map, query.width, query.height)
        assert np.isfinite(frames).all()
        assert look(stored, is_visible, stored.hashes).agreeing == is_visible.sum()
        made = describe(place.map, (stored.width, stored.height), (query.width, query.height))
        assert 0 <= made.share <= 1


def test_pairs_beyond_the_bound_of_refining_are_those_furthest_in_bits() -> None:
    stored, query, pairs = scene(11, similarity(5, 0.9), found=6)
    random = np.random.default_rng(1)
    crowd = np.repeat(stored.hashes, 200, axis=0)
    alike = QueryRegions(
        WIDTH,
        HEIGHT,
        np.concatenate([query.hashes, flipped(random, crowd, 79)]),
        np.concatenate([query.frames, random_frames(random, len(crowd))]),
    )
    assert len(crowd) > MAXIMUM_GUIDED
    assert furthest(found_by(stored, alike, pairs)[0].map, similarity(5, 0.9), MIDDLE) < 8
