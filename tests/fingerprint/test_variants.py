# SPDX-License-Identifier: Apache-2.0
"""A variant is near what the turned picture would give, and distances behave as distances do."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from stillmine.fingerprint import VARIANTS, distance_bits, fingerprint_image, fingerprint_pixels
from stillmine.fingerprint.picture import reference
from tests.fingerprint.picture_files import MEDIA, photographs, scene

TURNS: dict[str, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    "original": lambda picture: picture,
    "rotate90": lambda picture: np.rot90(picture, 1),
    "rotate180": lambda picture: np.rot90(picture, 2),
    "rotate270": lambda picture: np.rot90(picture, 3),
    "flip_horizontal": lambda picture: picture[:, ::-1],
    "flip_vertical": lambda picture: picture[::-1],
    "transpose": lambda picture: picture.transpose(1, 0, 2),
    "transverse": lambda picture: np.rot90(picture.transpose(1, 0, 2), 2),
}
SIZES = [(300, 400), (400, 533), (512, 512), (129, 129), (128, 64), (1024, 768), (383, 385), (97, 511)]

hashes = st.binary(min_size=32, max_size=32)


def require_variants_of_turned(picture: NDArray[np.uint8]) -> None:
    """PDQ's even windows lean to one side; a variant must follow that, or a mirrored copy is up to 40 bits away."""
    made = fingerprint_pixels(picture, picture.shape[1], picture.shape[0], 3)
    for name, turn in TURNS.items():
        turned = np.ascontiguousarray(turn(picture))
        stored = fingerprint_pixels(turned, turned.shape[1], turned.shape[0], 3).pdq
        distances = {variant: distance_bits(stored, value) for variant, value in zip(VARIANTS, made.variants, strict=True)}
        assert distances.pop(name) <= 2, name
        assert min(distances.values()) > 60, distances


@pytest.mark.parametrize("path", photographs(MEDIA / "clothing"), ids=lambda path: path.stem)
def test_variant_is_the_hash_of_the_turned_photograph(path: Path) -> None:
    with Image.open(path) as image:
        require_variants_of_turned(np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_variant_is_the_hash_of_the_turned_picture_at_any_size(size: tuple[int, int]) -> None:
    require_variants_of_turned(np.asarray(scene(*size)))


@pytest.mark.parametrize("path", photographs(MEDIA / "clothing")[:3], ids=lambda path: path.stem)
def test_reference_agrees_on_photographs(path: Path) -> None:
    with Image.open(path) as image:
        picture = np.asarray(image.convert("RGB"))
    made = fingerprint_pixels(picture, picture.shape[1], picture.shape[0], 3)
    assert reference.reference_pdq(picture) == (list(made.variants), made.quality)


def test_reference_agrees_on_a_picture_whose_sums_need_long_division() -> None:
    """Both windows even, their product above 325, and the corner white: its sum is too large to be scaled in one step."""
    cells = np.random.Generator(np.random.PCG64(5)).integers(0, 256, (36, 40), dtype=np.uint8)
    cells[-1, -1] = 255
    picture = cells.repeat(64, axis=0).repeat(64, axis=1)
    block = reference.downsample(reference.to_luma(picture))
    slow, quality = reference.hash_blocks([block])
    made = fingerprint_pixels(picture, 2560, 2304, 1)
    assert (made.pdq, made.quality) == (slow[0], quality)


def test_stored_orientations_of_one_photograph_give_one_fingerprint() -> None:
    made = [fingerprint_image(path.read_bytes()) for path in photographs(MEDIA / "exif_orientation")]
    assert len(made) == 9
    for one in made:
        assert (one.width, one.height) == (1800, 1200)
        # Each file has its own digit drawn into it, and was compressed on its own.
        assert distance_bits(one.pdq, made[1].pdq) <= 12


@given(hashes, hashes, hashes)
def test_distance_laws(first: bytes, second: bytes, third: bytes) -> None:
    assert distance_bits(first, first) == 0
    assert distance_bits(first, second) == distance_bits(second, first)
    assert distance_bits(first, third) <= distance_bits(first, second) + distance_bits(second, third)
    assert distance_bits(first, second) == bin(int.from_bytes(first) ^ int.from_bytes(second)).count("1")


@pytest.mark.parametrize("levels", range(5, 12))
def test_reference_agrees_on_quality_of_faint_noise(levels: int) -> None:
    """Every neighbour counts: in noise without blur, no pair of them is the same."""
    picture = np.random.Generator(np.random.PCG64(levels)).integers(0, levels, (90 + levels, 100), dtype=np.uint8)
    made = fingerprint_pixels(picture, 100, 90 + levels, 1)
    _, quality = reference.reference_pdq(picture)
    assert 5 < quality < 95
    assert made.quality == quality


@settings(deadline=None)
@given(st.integers(5, 200), st.integers(5, 200), st.integers(0, 2**32 - 1), st.sampled_from([1, 3, 4]))
def test_reference_agrees_on_noise_of_any_size(width: int, height: int, seed: int, channels: int) -> None:
    random = np.random.Generator(np.random.PCG64(seed))
    shape = (height, width) if channels == 1 else (height, width, channels)
    picture = random.integers(0, 256, shape, dtype=np.uint8)
    made = fingerprint_pixels(picture, width, height, channels)
    slow, quality = reference.reference_pdq(picture)
    assert all(distance_bits(one, other) <= 2 for one, other in zip(made.variants, slow, strict=True))
    assert abs(made.quality - quality) <= 1
