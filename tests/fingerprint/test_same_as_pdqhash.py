# SPDX-License-Identifier: Apache-2.0
"""Our PDQ is the field's PDQ: the same bits as PyPI `pdqhash` on nearly every picture, never more than two bits away."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pdqhash
import pytest
from numpy.typing import NDArray
from PIL import Image
from threatexchange.signal_type.pdq.pdq_hasher import pdq_from_bytes

from stillmine.fingerprint import VARIANTS, distance_bits, fingerprint_image, fingerprint_pixels
from stillmine.fingerprint.picture.colour import has_own_colours
from stillmine.fingerprint.picture.reference import KEPT, downsample, to_luma, transform
from tests.fingerprint.picture_files import MEDIA, photographs
from tests.more_media import SMALL, larger_media

TIED = 1e-5
Named = tuple[str, NDArray[np.uint8]]
"""A picture's name and its pixels."""
TURNS: tuple[tuple[str, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]], ...] = (
    ("original", lambda picture: picture),
    ("flip_horizontal", lambda picture: picture[:, ::-1]),
    ("flip_vertical", lambda picture: picture[::-1]),
    ("rotate180", lambda picture: picture[::-1, ::-1]),
    ("rotate90", np.rot90),
)


def read_rgb(path: Path) -> NDArray[np.uint8] | None:
    """The raw pixels, no colour or orientation handling, so that only PDQ is compared; None where nothing can read it."""
    try:
        with Image.open(path) as image:
            return np.ascontiguousarray(np.asarray(image.convert("RGB")))
    except (OSError, SyntaxError):
        return None


def is_tied(picture: NDArray[np.uint8]) -> bool:
    """Whether many coefficients equal the median in exact arithmetic: there `pdqhash` shows its own rounding noise."""
    coefficients = transform(downsample(to_luma(picture))).flatten()
    median = np.sort(coefficients)[KEPT * KEPT // 2 - 1]
    return int((np.abs(coefficients - median) < TIED).sum()) > KEPT


def read_all(paths: list[Path]) -> Iterator[Named]:
    for path in paths:
        picture = read_rgb(path)
        if picture is not None and min(picture.shape[:2]) >= 5:
            yield path.name, picture


def compare(pictures: Iterable[Named]) -> Iterator[tuple[str, int, int, int]]:
    """Per picture: name, distance, quality theirs, quality ours; without those where `pdqhash` shows its own noise."""
    for name, picture in pictures:
        bits, quality = pdqhash.compute(picture)
        made = fingerprint_pixels(picture, picture.shape[1], picture.shape[0], 3)
        distance = distance_bits(np.packbits(bits).tobytes(), made.pdq)
        if (distance > 0 or made.quality != quality) and is_tied(picture):
            assert made.quality in (0, quality), name
            continue
        yield name, distance, quality, made.quality


def require_same(pictures: Iterable[Named]) -> int:
    found = list(compare(pictures))
    assert all(abs(theirs - ours) <= 1 for _, _, theirs, ours in found), found
    detailed = [(name, distance) for name, distance, theirs, _ in found if theirs >= 50]
    assert [entry for entry in detailed if entry[1] > 2] == []
    assert sum(distance == 0 for _, distance in detailed) >= 0.99 * len(detailed)
    return len(detailed)


def test_every_photograph_of_the_repository() -> None:
    assert require_same(read_all(photographs(MEDIA) + photographs(SMALL / "photos"))) >= 200


SIZES = ((48, 64), (131, 97), (512, 512), (517, 389), (900, 120), (1600, 1200), (4000, 3000))
"""Smaller than what PDQ looks at, odd, its very limits, a strip, those of phones."""


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_photograph_of_any_size(size: tuple[int, int]) -> None:
    """Enlarged or made smaller, and then on its side."""
    paths = photographs(SMALL / "photos" / "kodak")
    made = [
        (path.name, np.asarray(Image.open(path).convert("RGB").resize(size, Image.Resampling.BICUBIC)))
        for path in paths[:: 1 + size[0] // 220]
    ]
    sides = [(name, np.ascontiguousarray(np.rot90(picture))) for name, picture in made]
    assert require_same([*made, *sides]) >= len(made)


@pytest.mark.long
@pytest.mark.larger_media
def test_every_photograph_of_the_larger_set() -> None:
    assert require_same(read_all(photographs(larger_media() / "photos"))) > 1000


@pytest.mark.parametrize("path", photographs(MEDIA / "clothing"), ids=lambda path: path.stem)
def test_variants_are_what_pdqhash_gives_for_the_turned_picture(path: Path) -> None:
    picture = read_rgb(path)
    assert picture is not None
    ours = dict(zip(VARIANTS, fingerprint_pixels(picture, picture.shape[1], picture.shape[0], 3).variants, strict=True))
    for name, turn in TURNS:
        bits, _ = pdqhash.compute(np.ascontiguousarray(turn(picture)))
        assert distance_bits(np.packbits(bits).tobytes(), ours[name]) <= 2, name


def test_text_form_is_that_of_threatexchange() -> None:
    data = (MEDIA / "skimage/chelsea.png").read_bytes()
    made = fingerprint_image(data)
    assert (made.text, made.quality) == pdq_from_bytes(data)


def far_from_threatexchange(paths: list[Path]) -> list[tuple[str, int]]:
    """From file bytes we decode luma only, and less of a large JPEG: the pictures of some detail that this moves by more than 4 bits."""
    far = []
    for path in paths:
        data = path.read_bytes()
        with Image.open(path) as image:
            is_plain_jpeg = image.format == "JPEG" and image.mode == "RGB" and not has_own_colours(image)
            is_plain_jpeg = is_plain_jpeg and image.getexif().get(0x0112, 1) == 1
        if not is_plain_jpeg or min(image.size) < 5:
            continue
        text, quality = pdq_from_bytes(data)
        distance = distance_bits(bytes.fromhex(text), fingerprint_image(data).pdq)
        if quality >= 50 and distance > 4:
            far.append((path.name, distance))
    return far


def test_file_bytes_give_what_threatexchange_gives() -> None:
    assert far_from_threatexchange(photographs(MEDIA) + photographs(SMALL / "photos")) == []


@pytest.mark.parametrize("size", [(1600, 1200), (4000, 3000), pytest.param((5600, 4200), marks=pytest.mark.long)], ids=str)
def test_file_bytes_of_a_large_jpeg_give_what_threatexchange_gives(size: tuple[int, int], tmp_path: Path) -> None:
    """It is decoded at a half, a quarter or an eighth: spec/fingerprint.md."""
    paths = [tmp_path / path.name for path in photographs(SMALL / "photos" / "kodak")[:: 1 + size[0] // 220]]
    for path in paths:
        Image.open(SMALL / "photos" / "kodak" / path.name).resize(size, Image.Resampling.BICUBIC).save(path, quality=90)
    assert far_from_threatexchange(paths) == []


@pytest.mark.long
@pytest.mark.larger_media
def test_file_bytes_of_the_larger_set_give_what_threatexchange_gives() -> None:
    paths = photographs(larger_media() / "photos")
    assert far_from_threatexchange([path for path in paths if path.suffix.lower() in {".jpg", ".jpeg"}]) == []
