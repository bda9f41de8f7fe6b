# SPDX-License-Identifier: Apache-2.0
"""Frames and maps: the arithmetic agrees with what a point by point reckoning gives; bytes become the frames that the spec says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillmine.matching.region_frames import (
    Map,
    axes,
    determinants,
    frames_of,
    frames_through,
    inverted,
    points_through,
    radii,
    turned_over,
)
from stillmine.matching.region_values import (
    View,
    distances_between,
    frames_of_geometry,
    query_regions,
    stored_regions,
)
from tests.matching.region_scenes import random_frames, random_hashes, similarity

SMALL = st.floats(-0.0008, 0.0008)


@st.composite
def maps(draw: st.DrawFn) -> Map:
    map_ = similarity(draw(st.floats(-180, 180)), draw(st.floats(0.2, 4)), (draw(st.floats(-90, 90)), 7.0), draw(st.booleans()))
    map_[2, :2] = draw(SMALL), draw(SMALL)
    return map_


@given(maps(), st.integers(0, 1000))
def test_axes_go_where_points_beside_the_centre_go(map_: Map, seed: int) -> None:
    frames = random_frames(np.random.default_rng(seed), 5)
    step = 1e-5
    through = frames_through(map_, frames)
    for start in (2, 4):
        beside = points_through(map_, frames[:, :2] + step * frames[:, start : start + 2])
        assert np.allclose((beside - through[:, :2]) / step, through[:, start : start + 2], rtol=1e-3, atol=1e-3)


@given(maps(), st.integers(0, 1000))
def test_there_and_back(map_: Map, seed: int) -> None:
    frames = random_frames(np.random.default_rng(seed), 5)
    back = np.linalg.inv(map_)
    assert np.allclose(frames_through(back / back[2, 2], frames_through(map_, frames)), frames, atol=1e-6)


def test_inverses_of_axes() -> None:
    frames = random_frames(np.random.default_rng(1), 9)
    assert np.allclose(inverted(axes(frames)) @ axes(frames), np.eye(2))


def test_a_mirror_keeps_the_direction_and_changes_the_hand() -> None:
    frames = frames_of(np.array([50.0]), np.array([60.0]), np.array([20.0]), np.array([16]))
    over = turned_over(frames)
    assert over[0, :4].tolist() == frames[0, :4].tolist()
    assert over[0, 4:].tolist() == (-frames[0, 4:]).tolist()
    assert determinants(axes(over)) == -determinants(axes(frames))
    assert radii(over) == pytest.approx([20.0])


def test_geometry_of_five_bytes() -> None:
    """x = 0x123 and y = 0xABC of 4096, radius 6 * 2^(48/48), a quarter turn clockwise: u points down, v to the left."""
    frames = frames_of_geometry(np.array([[0x12, 0x3A, 0xBC, 48, 64]], np.uint8), 256, 128)
    expected = [0x123 / 16, 0xABC / 32, 0, 12, -12, 0]
    assert frames[0].tolist() == pytest.approx(expected, abs=1e-12)


def stored_value(count: int, rows: bytes, width: int = 320, height: int = 205) -> bytes:
    return bytes([1, count]) + width.to_bytes(2, "little") + height.to_bytes(2, "little") + bytes(32) + rows


def test_a_stored_value_becomes_arrays() -> None:
    rows = b"".join(bytes([number]) * 32 + bytes([number, 0, 0, 0, 0]) for number in range(1, 8))
    stored = stored_regions(stored_value(7, rows))
    assert (stored.width, stored.height, len(stored)) == (320, 205, 7)
    assert stored.hashes[3].tobytes() == bytes([4]) * 32
    assert stored.frames[3].tolist() == [4 * 16 * 320 / 4096, 0, 6, 0, 0, 6]


@pytest.mark.parametrize("value", [b"", bytes(37), stored_value(2, bytes(37)), stored_value(1, bytes(38))])
def test_a_value_of_another_length_is_refused(value: bytes) -> None:
    with pytest.raises(ValueError, match="38 bytes"):
        stored_regions(value)


def test_a_stretched_view_gives_places_of_the_query() -> None:
    """A circle of a view that is twice as wide as the query is half as wide in the query, and as high."""
    row = bytes(32) + b"\xff" * 32 + bytes([0x80, 0x08, 0, 48, 0])
    query = query_regions(200, 100, [View(400, 100, row), View(200, 100, b"")])
    assert query.hashes.tolist() == [[0] * 32, [255] * 32]
    assert query.frames[0].tolist() == [100, 50, 6, 0, 0, 12]
    assert query.frames[1].tolist() == [100, 50, 6, 0, 0, -12]


def test_views_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="69 bytes"):
        query_regions(200, 100, [View(200, 100, bytes(37))])


def test_distances() -> None:
    random = np.random.default_rng(3)
    some, others = random_hashes(random, 4), random_hashes(random, 6)
    expected = [[(int.from_bytes(a.tobytes()) ^ int.from_bytes(b.tobytes())).bit_count() for b in others] for a in some]
    assert distances_between(some, others).tolist() == expected
