# SPDX-License-Identifier: Apache-2.0
"""Regions through the Python extension: what a hash is of, mirrored pictures, sizes, and what is refused."""

import numpy as np
import pytest
from numpy.typing import NDArray

from stillmine.fingerprint.picture.regions import AREA, LARGE_AREA, Base, base_of, base_of_luma, find_regions, frames_of, hash_places

Picture = NDArray[np.uint8]


def shapes(width: int, height: int, seed: int = 1) -> Picture:
    """A picture of overlapping ellipses of all sizes with sharp edges: it has detail of every size, as photographs do."""
    random = np.random.Generator(np.random.PCG64(seed))
    rows, columns = np.mgrid[0:height, 0:width]
    luma = np.full((height, width), 128.0)
    for _ in range(400):
        x, y, size = random.uniform(0, width), random.uniform(0, height), min(width, height) / 2 ** random.uniform(2, 6)
        inside = ((columns - x) / size) ** 2 + ((rows - y) / size / random.uniform(1, 2)) ** 2 < 1
        luma[inside] = (luma[inside] + random.uniform(0, 255)) / 2
    picture: Picture = np.clip(luma, 0, 255).astype(np.uint8)
    return picture


def distances(one: Picture, other: Picture) -> NDArray[np.int64]:
    bits: NDArray[np.int64] = np.unpackbits(one ^ other, axis=1).sum(1, dtype=np.int64)
    return bits


@pytest.mark.parametrize(("area", "stretch"), [(AREA, 1.0), (LARGE_AREA, 1.0), (AREA, 0.67), (LARGE_AREA, 1.5)])
def test_a_hash_is_of_the_geometry_beside_it(area: int, stretch: float) -> None:
    base = base_of(shapes(640, 480))
    regions = find_regions(base, area, stretch, 100)
    assert len(regions) > 20
    frames = frames_of(regions.geometry, base, stretch)
    assert distances(hash_places(base, frames), regions.hashes).max() <= 16  # a frame is rounded


def test_the_mirrored_hash_is_that_of_the_mirrored_picture() -> None:
    base = base_of(shapes(512, 512))
    mirrored = base_of_luma(base.luma()[:, ::-1])
    regions = find_regions(base, count=60)
    frames = frames_of(regions.geometry, base).copy()
    frames[:, 0] = 8192 - frames[:, 0]
    frames[:, 2] *= -1  # the axis along the angle goes the other way, the one across turns over
    frames[:, 5] *= -1
    apart = distances(hash_places(mirrored, frames), regions.mirrored)
    assert np.median(apart) <= 4  # places are rounded down, which is up in the mirrored picture
    assert apart.max() <= 31


def test_most_regions_are_found_again_at_another_size() -> None:
    picture = shapes(1200, 800)
    small = base_of(picture[::2, ::2].copy())
    one, other = find_regions(base_of(picture)), find_regions(small, count=100)
    nearest = np.array([distances(one.hashes[[i]], other.hashes).min() for i in range(len(one))])
    assert (nearest <= 31).mean() > 0.8


def test_a_picture_that_is_small_is_its_own_base() -> None:
    picture = shapes(200, 100)
    assert np.array_equal(base_of(picture).luma(), picture)


def test_the_base_is_the_mean_of_what_each_pixel_covers() -> None:
    random = np.random.Generator(np.random.PCG64(5))
    picture = random.integers(0, 256, (1024, 1024), np.uint8)
    wanted = (picture.reshape(512, 2, 512, 2).sum((1, 3), dtype=np.int64) + 2) // 4
    assert np.array_equal(base_of(picture).luma(), wanted)
    grey = np.repeat(picture[..., None], 3, axis=2)
    assert base_of(grey) == base_of(picture)
    assert base_of(np.dstack([grey, np.full((1024, 1024, 1), 255, np.uint8)])) == base_of(picture)


def test_what_is_transparent_lies_on_white() -> None:
    assert set(base_of(np.zeros((40, 30, 4), np.uint8)).levels) == {255}


def test_flat_and_tiny_pictures_have_no_regions() -> None:
    for picture in (np.full((300, 300), 77, np.uint8), np.zeros((5, 5), np.uint8), np.full((5, 3000), 9, np.uint8)):
        assert len(find_regions(base_of(picture), LARGE_AREA, 1.0, 255)) == 0


@pytest.mark.parametrize(("area", "stretch"), [(65535, 1.0), (AREA, 0.49), (AREA, 2.01)])
def test_refuses_other_views(area: int, stretch: float) -> None:
    with pytest.raises(ValueError, match="area"):
        find_regions(base_of(shapes(100, 100)), area, stretch)


def test_refuses_levels_that_are_not_of_the_size() -> None:
    base = base_of(shapes(100, 100))
    with pytest.raises(ValueError, match="levels"):
        find_regions(Base(100, 101, base.levels))
    with pytest.raises(ValueError, match="at most"):
        base_of_luma(np.zeros((513, 512), np.uint8))
