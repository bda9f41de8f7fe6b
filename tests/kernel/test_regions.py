# SPDX-License-Identifier: Apache-2.0
"""Regions through the Python extension: what a hash is of, mirrored pictures, sizes, and what is refused."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from stillmine.fingerprint.picture.regions import (
    AREA,
    FEWEST,
    LARGE_AREA,
    Base,
    base_of,
    enrolled_regions,
    find_regions,
    frames_of,
    hash_places,
    regions_value,
)
from tests.kernel.bad_pictures import BAD, Picture, shapes
from tests.kernel.kernel_vectors import REGIONS
from vectors.makers.pdq import make_picture
from vectors.makers.regions import checksum


def distances(one: Picture, other: Picture) -> NDArray[np.int64]:
    bits: NDArray[np.int64] = np.unpackbits(one ^ other, axis=1).sum(1, dtype=np.int64)
    return bits


@pytest.mark.parametrize("entry", REGIONS["pictures"], ids=lambda entry: entry["name"])
def test_finds_the_regions_of_the_vectors(entry: dict[str, Any]) -> None:
    picture = make_picture(entry)
    base = base_of(picture[..., 0] if picture.shape[2] == 1 else picture)
    assert {"width": base.width, "height": base.height, "fnv1a": checksum(base.levels)} == entry["base"]
    for view in entry["views"]:
        found = find_regions(base, view["area"], view["stretch"] / 100, view["count"])
        rows = zip(found.geometry, found.hashes, found.mirrored, found.strengths, strict=True)
        assert [" ".join([*(part.tobytes().hex() for part in parts), str(strength)]) for *parts, strength in rows] == view["regions"]
        assert frames_of(found.geometry, base, view["stretch"] / 100).tolist() == view["frames"]
    enrolled = enrolled_regions(base)
    pairs = zip(enrolled.geometry, enrolled.hashes, strict=True)
    assert [f"{geometry.tobytes().hex()} {value.tobytes().hex()}" for geometry, value in pairs] == entry["enrolled"]
    value = regions_value(base, bytes(range(32)))
    assert (checksum(value) if value else None) == entry["value_fnv1a"]
    frames = np.array([place["frame"] for place in entry["places"]], np.int16)
    assert [value.tobytes().hex() for value in hash_places(base, frames)] == [place["hash"] for place in entry["places"]]


STATUS_WORDS = {"bad_format": "area", "image_too_large": r"at most|levels", "image_too_small": "at least"}


@pytest.mark.parametrize("entry", REGIONS["refused"], ids=lambda entry: entry["name"])
def test_refuses_what_the_vectors_say(entry: dict[str, Any]) -> None:
    size = (entry["height"], entry["width"])
    levels = base_of(np.zeros(size, np.uint8)).levels if entry["status"] == "bad_format" else b""
    with pytest.raises(ValueError, match=STATUS_WORDS[entry["status"]]):
        find_regions(Base(entry["width"], entry["height"], levels), entry["area"], entry["stretch"] / 100)


@pytest.mark.parametrize(("area", "stretch"), [(AREA, 1.0), (LARGE_AREA, 1.0), (AREA, 0.67), (LARGE_AREA, 1.5)])
def test_a_hash_is_of_the_geometry_beside_it(area: int, stretch: float) -> None:
    base = base_of(shapes(640, 480))
    regions = find_regions(base, area, stretch, 100)
    assert len(regions) > 20
    frames = frames_of(regions.geometry, base, stretch)
    assert distances(hash_places(base, frames), regions.hashes).max() <= 16  # a frame is rounded


def test_the_mirrored_hash_is_that_of_the_mirrored_picture() -> None:
    base = base_of(shapes(512, 512))
    mirrored = base_of(base.luma()[:, ::-1])
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
    one, other = find_regions(base_of(picture), count=36), find_regions(small)
    nearest = np.array([distances(one.hashes[[i]], other.hashes).min() for i in range(len(one))])
    assert (nearest <= 31).mean() > 0.7


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


def test_refuses_levels_that_are_not_of_the_size() -> None:
    base = base_of(shapes(100, 100))
    with pytest.raises(ValueError, match="levels"):
        find_regions(Base(100, 101, base.levels))


def words(width: int, height: int) -> Picture:
    """A page of dark marks of the size of letters, in lines, on even white."""
    random = np.random.Generator(np.random.PCG64(9))
    page = np.full((height, width), 255, np.uint8)
    for top in range(20, height - 40, 34):
        left = 30
        while left < width - 150:
            for _ in range(random.integers(2, 9)):
                mark = random.integers(0, 2, (4, 3), np.uint8) * 255
                page[top : top + 16, left : left + 9] = np.minimum(
                    page[top : top + 16, left : left + 9], np.kron(mark, np.ones((4, 3), np.uint8))
                )
                left += 12
            left += 14
    return page


def interface(width: int, height: int) -> Picture:
    """Even bars, round buttons and frames, as an app draws them."""
    picture = np.full((height, width), 236, np.uint8)
    picture[: height // 12] = 90
    rows, columns = np.mgrid[0:height, 0:width]
    for number in range(9):
        top = height // 7 + number * height // 11
        picture[top : top + height // 16, 30 : width // 2 + 17 * number] = 255
        picture[(columns - width + 60) ** 2 + (rows - top - 20) ** 2 < 18**2] = 120
    return picture


NOISE = np.random.Generator(np.random.PCG64(3))
FEW = {
    "flat": np.full((400, 600), 200, np.uint8),
    "a gradient": np.tile(np.linspace(0, 255, 700).astype(np.uint8), (500, 1)),
    "a checkerboard": np.kron(np.indices((40, 60)).sum(0) % 2 * 255, np.ones((12, 12))).astype(np.uint8),
    "lines of one pixel": np.tile(np.array([0, 255], np.uint8), (300, 200)),
    "tiles": np.tile(shapes(96, 96), (6, 8)),
    "a fence": np.tile(shapes(40, 600), (1, 20)),
    "words": words(1240, 1754),
    "an interface": interface(1080, 2220),
    "a conversation of 32,000 rows": np.tile(words(540, 1600), (20, 1)),
}


@pytest.mark.parametrize("name", FEW)
def test_a_case_is_given_no_regions_of_what_many_pictures_share(name: str) -> None:
    base = base_of(FEW[name])
    assert len(enrolled_regions(base)) < FEWEST
    assert regions_value(base, bytes(32)) is None


def test_of_a_screenshot_only_the_picture_within_is_enrolled() -> None:
    screen = interface(1080, 2220)
    screen[500:1310, :] = shapes(1080, 810)
    regions = enrolled_regions(base_of(screen))
    rows = ((regions.geometry[:, 1].astype(int) & 15) << 8 | regions.geometry[:, 2]) / 4096 * 2220
    assert len(regions) >= 20
    assert rows.min() > 480
    assert rows.max() < 1360


def test_what_is_enrolled_is_spread_over_the_picture() -> None:
    picture = shapes(800, 600)
    picture[:, 400:] = 100 + picture[:, 400:] // 4
    enrolled, best = enrolled_regions(base_of(picture)), find_regions(base_of(picture), count=36)
    in_faint_half = [int((regions.geometry[:, 0] >= 128).sum()) for regions in (enrolled, best)]
    assert len(enrolled) == 36
    assert in_faint_half[0] > in_faint_half[1] + 3


def test_no_hash_and_no_place_is_enrolled_twice() -> None:
    stripes = np.tile(shapes(800, 1), (600, 1))
    for picture in (stripes, stripes.T, *(shapes(300, 300, seed) for seed in range(3))):
        regions = enrolled_regions(base_of(picture))
        assert len({value.tobytes() for value in regions.hashes}) == len(regions)
        assert len({value.tobytes() for value in regions.geometry}) == len(regions)


def test_a_value_is_its_parts_in_order() -> None:
    base = base_of(shapes(640, 480))
    regions, value = enrolled_regions(base), regions_value(base, bytes(range(32)))
    assert value is not None
    assert (value[0], value[1], value[2:4], value[4:6]) == (1, len(regions), (296).to_bytes(2, "little"), (222).to_bytes(2, "little"))
    assert value[6:38] == bytes(range(32))
    assert value[38:75] == regions.hashes[0].tobytes() + regions.geometry[0].tobytes()
    assert len(value) == 38 + 37 * len(regions)


HOSTILE = {
    "noise": NOISE.integers(0, 256, (600, 800), np.uint8),
    "noise of two tones": NOISE.integers(0, 2, (512, 512), np.uint8) * 255,
    "a screenshot of 32,000 rows": NOISE.integers(0, 256, (32000, 60), np.uint8),
    "one row of detail": NOISE.integers(0, 256, (5, 32768), np.uint8),
    "dots": np.pad(np.full((1, 1), 255, np.uint8), 15)[np.arange(480) % 31][:, np.arange(640) % 31],
}


HOSTILE |= {name: make(1) for name, make in BAD.items()}


@pytest.mark.parametrize("name", HOSTILE)
def test_the_number_of_regions_is_bounded_for_anything(name: str) -> None:
    base = base_of(HOSTILE[name])
    for area in (AREA, LARGE_AREA):
        for stretch in (0.5, 1.0, 2.0):
            assert len(find_regions(base, area, stretch, 1000)) <= 255
    assert len(enrolled_regions(base)) <= 36


@pytest.mark.parametrize(
    "pixels", [np.zeros((10, 10), np.float32), np.zeros(100, np.uint8), np.zeros((10, 10, 2), np.uint8), np.zeros((4, 9), np.uint8)]
)
def test_refuses_what_is_no_picture(pixels: Any) -> None:
    with pytest.raises(ValueError, match=r"shape|format|at least"):
        base_of(pixels)
