# SPDX-License-Identifier: Apache-2.0
"""The second look: which places are asked about, what is counted there, and what that says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillmine.fingerprint.ground.turns import VARIANTS
from stillmine.matching.region_frames import Frames, affine, frames_of, frames_through, points_through
from stillmine.matching.region_look import (
    AGREEING_BITS,
    DOUBTED_SHARE,
    DOUBTED_VISIBLE,
    FEW_AGREEING,
    FEW_SHARE,
    MATCH_AGREEING,
    MATCH_APART,
    MATCH_EVIDENCE,
    MISSING_BITS,
    PART_SHARE,
    STEPS,
    THERE_BITS,
    Judgement,
    Look,
    Verdict,
    from_wire,
    judgement,
    look,
    places,
    to_wire,
    verdict,
)
from stillmine.matching.region_pdq import implied_map
from stillmine.matching.region_values import StoredRegions
from tests.matching.region_scenes import HEIGHT, WIDTH, flipped, random_frames, random_hashes, similarity

IDENTITY = np.eye(3)


def circle(x: float, y: float, radius: float) -> Frames:
    return frames_of(np.array([x]), np.array([y]), np.array([radius]), np.array([0]))


@pytest.mark.parametrize(
    ("x", "y", "radius", "is_seen"),
    [
        (50, 50, 20, True),
        (17.1, 50, 20, True),
        (16.9, 50, 20, False),
        (50, 17.1, 20, True),
        (50, 16.9, 20, False),
        (WIDTH - 17.1, 50, 20, True),
        (WIDTH - 16.9, 50, 20, False),
        (50, HEIGHT - 17.1, 20, True),
        (50, HEIGHT - 16.9, 20, False),
        (50, 50, 6.1, True),
        (50, 50, 5.9, False),
    ],
)
def test_a_place_is_seen_if_it_lies_inside_and_is_large_enough(x: float, y: float, radius: float, is_seen: bool) -> None:
    assert places(circle(x, y, radius), IDENTITY, WIDTH, HEIGHT)[0].tolist() == [is_seen]


def test_a_slanting_patch_is_as_wide_as_the_ellipse_in_it() -> None:
    stretched = affine(np.diag([1.0, 0.5]), np.array([0.0, 0.0])) @ similarity(45)
    frames = frames_through(np.asarray(np.linalg.inv(stretched), np.float64), circle(30, 12, 10))
    assert places(frames, stretched, WIDTH, HEIGHT)[0].tolist() == [True]
    assert places(frames, affine(np.eye(2), np.array([0, -4.0])) @ stretched, WIDTH, HEIGHT)[0].tolist() == [False]


def test_places_behind_the_eye_are_not_seen() -> None:
    map_ = np.eye(3)
    map_[2, 0] = -1 / 100
    is_visible, frames = places(np.concatenate([circle(20, 50, 13), circle(150, 50, 13)]), map_, WIDTH, HEIGHT)
    assert is_visible.tolist() == [True, False]
    assert np.isfinite(frames).all()


def test_places_far_outside_fit_the_wire_and_are_not_seen() -> None:
    is_visible, frames = places(random_frames(np.random.default_rng(1), 9), similarity(0, 1000, (1e7, -1e7)), WIDTH, HEIGHT)
    assert not is_visible.any()
    assert np.abs(frames).max() <= 4 * WIDTH


@given(st.lists(st.lists(st.integers(-32767, 32767), min_size=6, max_size=6), min_size=1, max_size=5), st.integers(16, 900))
def test_frames_survive_the_wire(steps: list[list[int]], width: int) -> None:
    sent = np.array(steps, np.int16)
    assert to_wire(from_wire(sent, width, 205.5), width, 205.5).tolist() == sent.tolist()


def test_steps_are_parts_of_width_and_height() -> None:
    frames = np.array([[WIDTH / 2, HEIGHT, WIDTH / STEPS, -HEIGHT / STEPS, 0, HEIGHT / 4]])
    assert to_wire(frames, WIDTH, HEIGHT).tolist() == [[4096, 8192, 1, -1, 0, 2048]]


def pictured(*frames: Frames) -> StoredRegions:
    random = np.random.default_rng(3)
    return StoredRegions(WIDTH, HEIGHT, random_hashes(random, len(frames)), np.concatenate(frames))


def seen_with(stored: StoredRegions, *bits: int) -> Look:
    """Look at a query whose hash at each place differs in so many bits; -1: the place is not visible."""
    random = np.random.default_rng(4)
    hashes = np.concatenate([flipped(random, stored.hashes[place : place + 1], max(0, each)) for place, each in enumerate(bits)])
    return look(stored, np.array(bits) >= 0, hashes)


FOUR = (circle(40, 40, 20), circle(140, 40, 20), circle(240, 40, 20), circle(40, 140, 20))


@pytest.mark.parametrize(
    ("bits", "visible", "agreeing", "share"),
    [
        ((0, 0, 0, 0), 4, 4, 1.0),
        ((THERE_BITS, AGREEING_BITS, -1, -1), 2, 2, 1 - (AGREEING_BITS - THERE_BITS) / (MISSING_BITS - THERE_BITS) / 2),
        ((0, AGREEING_BITS + 1, -1, -1), 2, 1, 1 - (AGREEING_BITS + 1 - THERE_BITS) / (MISSING_BITS - THERE_BITS) / 2),
        ((0, MISSING_BITS, MISSING_BITS + 20, 128), 4, 1, 0.25),
        ((MISSING_BITS - 1, MISSING_BITS, -1, -1), 2, 0, 1 / (MISSING_BITS - THERE_BITS) / 2),
        ((-1, -1, -1, -1), 0, 0, 0.0),
    ],
)
def test_a_region_counts_by_how_much_of_it_is_there(bits: tuple[int, ...], visible: int, agreeing: int, share: float) -> None:
    seen = seen_with(pictured(*FOUR), *bits)
    assert (seen.visible, seen.agreeing) == (visible, agreeing)
    assert seen.share == pytest.approx(share)


def test_many_regions_in_a_small_place_are_a_small_part_of_the_area() -> None:
    crowd = [circle(30 + 7 * number, 30, 13) for number in range(9)]
    stored = pictured(*crowd, circle(160, 120, 60))
    of_crowd = 13 * 13 * np.pi + 8 * 7 * 26
    assert seen_with(stored, *[0] * 9, 120).spread == pytest.approx(of_crowd / (of_crowd + 3600 * np.pi), rel=0.1)
    assert seen_with(stored, *[0] * 9, -1).spread == 1
    assert seen_with(stored, *[-1] * 10).spread == 0


@pytest.mark.parametrize(("step", "expected"), [(0.25, Verdict.PART), (3, Verdict.MATCH)])
def test_one_patch_that_is_typed_as_many_regions_is_no_match(step: float, expected: Verdict) -> None:
    """Each two lie apart by more than half a radius, or all of them are one patch, which is wherever somebody pastes it."""
    stored = pictured(*(circle(40 + 14 * (place % 6) * step / 3, 40 + 14 * (place // 6) * step / 3, 20) for place in range(36)))
    assert verdict(seen_with(stored, *[0] * 36)) is expected


@pytest.mark.parametrize(("apart", "expected"), [(MATCH_APART - 1, Verdict.PART), (MATCH_APART, Verdict.MATCH)])
def test_regions_of_few_places_are_no_match(apart: int, expected: Verdict) -> None:
    """Of half a radius one lies just beyond, and one that lies just within counts no more; the smaller radius decides."""
    far = [circle(40 + 11 * place, 40, 20) for place in range(apart)]
    near = [circle(40, 40 + 9 * (place % 2), 20 + 10 * (place % 2)) for place in range(MATCH_AGREEING)]
    assert verdict(seen_with(pictured(*far, *near), *[0] * (apart + MATCH_AGREEING))) is expected


JUST = 1e-6


@pytest.mark.parametrize(
    ("agreeing", "share", "spread", "expected"),
    [
        (MATCH_AGREEING, 1.0, MATCH_EVIDENCE, Verdict.MATCH),
        (MATCH_AGREEING, MATCH_EVIDENCE, 1.0, Verdict.MATCH),
        (MATCH_AGREEING, 0.8, MATCH_EVIDENCE / 0.8 + JUST, Verdict.MATCH),
        (MATCH_AGREEING - 1, 1.0, MATCH_EVIDENCE, Verdict.PART),
        (MATCH_AGREEING, 1.0, MATCH_EVIDENCE - JUST, Verdict.PART),
        (MATCH_AGREEING, 0.8, MATCH_EVIDENCE / 0.8 - JUST, Verdict.PART),
        (MATCH_AGREEING, PART_SHARE, 0.0, Verdict.PART),
        (MATCH_AGREEING, PART_SHARE - JUST, 0.9, Verdict.CLEAR),
        (MATCH_AGREEING - 1, FEW_SHARE, 0.0, Verdict.PART),
        (MATCH_AGREEING - 1, FEW_SHARE - JUST, 1.0, Verdict.CLEAR),
        (FEW_AGREEING, FEW_SHARE, 0.0, Verdict.PART),
        (FEW_AGREEING - 1, 1.0, 1.0, Verdict.CLEAR),
    ],
)
def test_the_verdict(agreeing: int, share: float, spread: float, expected: Verdict) -> None:
    assert verdict(Look(36, agreeing, share, spread)) is expected


def seen(visible: int, share: float) -> Look:
    return Look(visible, round(visible * share), share, share)


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        ([], Judgement.ONE_JUDGE),
        ([seen(0, 0)], Judgement.ONE_JUDGE),
        ([seen(DOUBTED_VISIBLE - 1, 0)], Judgement.ONE_JUDGE),
        ([seen(DOUBTED_VISIBLE, 0)], Judgement.DISPUTED),
        ([seen(36, DOUBTED_SHARE - JUST)], Judgement.DISPUTED),
        ([seen(36, DOUBTED_SHARE)], Judgement.ONE_JUDGE),
        ([seen(36, 0), seen(36, DOUBTED_SHARE)], Judgement.ONE_JUDGE),
        ([seen(36, 0), seen(36, PART_SHARE)], Judgement.AGREED),
        ([seen(36, 1)], Judgement.AGREED),
    ],
)
def test_the_second_judge(looks: list[Look], expected: Judgement) -> None:
    assert judgement(looks) is expected


@pytest.mark.parametrize("turn", range(8))
def test_a_match_by_pdq_says_where_the_picture_lies(turn: int) -> None:
    """Paint the query pixel by pixel, turn it as VARIANTS say, and see where each pixel of the turned one came from."""
    columns, rows = 6, 4
    query = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=2) + 0.5
    turned = {
        "original": query,
        "rotate90": np.rot90(query),
        "rotate180": np.rot90(query, 2),
        "rotate270": np.rot90(query, 3),
        "flip_horizontal": query[:, ::-1],
        "flip_vertical": query[::-1],
        "transpose": query.transpose(1, 0, 2),
        "transverse": np.rot90(query, 2).transpose(1, 0, 2),
    }[VARIANTS[turn]]
    height, width = turned.shape[:2]
    map_ = implied_map(10 * width, 20 * height, turn, (100, 200, 100 + columns, 200 + rows))
    for row in range(height):
        for column in range(width):
            point = np.array([[10 * (column + 0.5), 20 * (row + 0.5)]])
            assert np.allclose(points_through(map_, point) - [100, 200], turned[row, column])
