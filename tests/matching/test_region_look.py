# SPDX-License-Identifier: Apache-2.0
"""The second look: which places are asked about, what is counted there, and what that says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillmine.fingerprint.ground.turns import VARIANTS
from stillmine.matching.region_frames import affine, frames_of, frames_through, points_through
from stillmine.matching.region_look import (
    DOUBTED_SHARE,
    LOOK_DISTANCE,
    MATCH_SHARE,
    MINIMUM_AGREEING,
    MINIMUM_TO_DISPUTE,
    PART_SHARE,
    SHIFTS,
    STEPS,
    Judgement,
    Look,
    Verdict,
    from_wire,
    judgement,
    look,
    places,
    shifted,
    to_wire,
    verdict,
)
from stillmine.matching.region_pdq import implied_map
from tests.matching.region_scenes import HEIGHT, WIDTH, flipped, random_frames, random_hashes, similarity

IDENTITY = np.eye(3)


def circle(x: float, y: float, radius: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
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


def test_shifts_move_along_the_axes_and_the_first_not_at_all() -> None:
    frames = frames_through(similarity(30, 1.5, (4, 5)), random_frames(np.random.default_rng(2), 3))
    moved = shifted(frames)
    assert moved.shape == (3, len(SHIFTS), 6)
    assert moved[:, 0].tolist() == frames.tolist()
    for number, (along, across) in enumerate(SHIFTS):
        expected = frames[:, :2] + along * frames[:, 2:4] + across * frames[:, 4:]
        assert np.allclose(moved[:, number, :2], expected)
        assert np.allclose(moved[:, number, 2:], frames[:, 2:])


def test_the_nearest_of_the_shifts_counts_and_what_is_not_seen_does_not() -> None:
    random = np.random.default_rng(3)
    stored = random_hashes(random, 4)
    hashes = random_hashes(random, 4 * len(SHIFTS)).reshape(4, len(SHIFTS), 32)
    hashes[0, 3] = flipped(random, stored[:1], LOOK_DISTANCE)[0]
    hashes[1, 0] = flipped(random, stored[1:2], LOOK_DISTANCE + 1)[0]
    hashes[2, 4] = stored[2]
    assert look(stored, np.array([True, True, False, True]), hashes) == Look(visible=3, agreeing=1)
    assert look(stored, np.ones(4, np.bool_), hashes) == Look(visible=4, agreeing=2)


@pytest.mark.parametrize(
    ("agreeing", "visible", "expected"),
    [
        (0, 0, Verdict.CLEAR),
        (MINIMUM_AGREEING - 1, MINIMUM_AGREEING - 1, Verdict.CLEAR),
        (MINIMUM_AGREEING, MINIMUM_AGREEING, Verdict.MATCH),
        (round(100 * MATCH_SHARE), 100, Verdict.MATCH),
        (round(100 * MATCH_SHARE) - 1, 100, Verdict.PART),
        (round(100 * PART_SHARE), 100, Verdict.PART),
        (round(100 * PART_SHARE) - 1, 100, Verdict.CLEAR),
    ],
)
def test_the_verdict(agreeing: int, visible: int, expected: Verdict) -> None:
    assert verdict(Look(visible, agreeing)) is expected


DOUBTED = round(100 * DOUBTED_SHARE)


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        ([], Judgement.ONE_JUDGE),
        ([Look(0, 0)], Judgement.ONE_JUDGE),
        ([Look(MINIMUM_TO_DISPUTE - 1, 0)], Judgement.ONE_JUDGE),
        ([Look(MINIMUM_TO_DISPUTE, 0)], Judgement.DISPUTED),
        ([Look(100, DOUBTED - 1)], Judgement.DISPUTED),
        ([Look(100, DOUBTED)], Judgement.ONE_JUDGE),
        ([Look(100, 0), Look(100, DOUBTED)], Judgement.ONE_JUDGE),
        ([Look(100, 0), Look(100, round(100 * PART_SHARE))], Judgement.AGREED),
        ([Look(36, 36)], Judgement.AGREED),
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
