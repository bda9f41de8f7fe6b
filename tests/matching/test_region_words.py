# SPDX-License-Identifier: Apache-2.0
"""What was done to a picture, told from a map: the part that is seen, the turn, the mirror, the stretch, the size."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillmine.matching.region_frames import Map, affine
from stillmine.matching.region_words import Where, describe
from tests.matching.region_scenes import similarity

SIZE = (320.0, 200.0)


def cropped(left: float, top: float, right: float, bottom: float) -> Map:
    """Return the map onto a crop, scaled up to the same size as before."""
    across, down = SIZE[0] / (right - left), SIZE[1] / (bottom - top)
    return affine(np.diag([across, down]), np.array([-left * across, -top * down]))


@pytest.mark.parametrize(
    ("part", "share", "where"),
    [
        ((0, 0, 320, 200), 1.0, Where.ALL),
        ((32, 20, 288, 180), 0.64, Where.MIDDLE),
        ((0, 0, 128, 200), 0.4, Where.LEFT),
        ((192, 0, 320, 200), 0.4, Where.RIGHT),
        ((0, 0, 320, 100), 0.5, Where.TOP),
        ((0, 100, 320, 200), 0.5, Where.BOTTOM),
        ((0, 0, 160, 100), 0.25, Where.TOP_LEFT),
        ((160, 0, 320, 100), 0.25, Where.TOP_RIGHT),
        ((0, 100, 160, 200), 0.25, Where.BOTTOM_LEFT),
        ((160, 100, 320, 200), 0.25, Where.BOTTOM_RIGHT),
    ],
)
def test_which_part_is_seen(part: tuple[float, float, float, float], share: float, where: Where) -> None:
    made = describe(cropped(*part), SIZE, SIZE)
    assert made.share == pytest.approx(share)
    assert made.where is where
    assert made.share_of_query == pytest.approx(1)


@given(st.integers(-179, 180), st.booleans(), st.floats(0.1, 0.3))
def test_turned_mirrored_and_small_within_another_picture(degrees: int, is_mirrored: bool, scale: float) -> None:
    middle = similarity(degrees, scale, is_mirrored=is_mirrored)[:2, :2] @ np.array([160, 100])
    made = describe(similarity(degrees, scale, tuple(np.array([160, 100]) - middle), is_mirrored), SIZE, SIZE)
    assert (made.turned_degrees, made.is_mirrored, made.stretched_percent) == (degrees, is_mirrored, 0)
    assert made.where is Where.ALL
    assert made.share_of_query == pytest.approx(scale**2)


def test_squeezed_and_turned() -> None:
    squeezed = similarity(30) @ affine(np.diag([0.8, 1.0]), np.zeros(2))
    made = describe(squeezed, SIZE, (900.0, 900.0))
    assert (made.turned_degrees, made.stretched_percent, made.is_mirrored) == (30, 25, False)


def test_nothing_is_seen() -> None:
    made = describe(similarity(shift=(1000, 0)), SIZE, SIZE)
    assert (made.share, made.share_of_query) == (0, 0)


def test_seen_from_the_side() -> None:
    tilted = np.eye(3)
    tilted[2, 0] = 0.5 / 320
    made = describe(tilted, SIZE, SIZE)
    assert made.share == pytest.approx(1)
    assert 0.3 < made.share_of_query < 0.7


@given(st.lists(st.floats(-3, 3), min_size=6, max_size=6))
def test_any_map_that_is_none_too_flat_can_be_told(numbers: list[float]) -> None:
    linear = np.array(numbers[:4]).reshape(2, 2)
    if abs(np.linalg.det(linear)) < 1e-3:
        return
    made = describe(affine(linear, np.array(numbers[4:]) * 100), SIZE, SIZE)
    assert 0 <= made.share <= 1
    assert 0 <= made.share_of_query <= 1
    assert -179 <= made.turned_degrees <= 180
    assert 0 <= made.stretched_percent <= 999
