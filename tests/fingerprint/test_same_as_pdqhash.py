# SPDX-License-Identifier: Apache-2.0
"""Our PDQ is the field's PDQ: the same bits as PyPI `pdqhash` on nearly every picture, never more than two bits away."""

from collections.abc import Iterator
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
from tests.fingerprint.picture_files import MEDIA, SHARED, photographs

SUBSET = 60
TIED = 1e-5
TURNS = (
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


def compare(paths: list[Path]) -> Iterator[tuple[str, int, int, int]]:
    """Per readable picture that can be compared: name, distance, quality theirs, quality ours."""
    for path in paths:
        picture = read_rgb(path)
        if picture is None or min(picture.shape[:2]) < 5:
            continue
        bits, quality = pdqhash.compute(picture)
        made = fingerprint_pixels(picture, picture.shape[1], picture.shape[0], 3)
        distance = distance_bits(np.packbits(bits).tobytes(), made.pdq)
        if (distance > 0 or made.quality != quality) and is_tied(picture):
            assert made.quality in (0, quality), path
            continue
        yield path.name, distance, quality, made.quality


def require_same(paths: list[Path]) -> int:
    found = list(compare(paths))
    assert all(abs(theirs - ours) <= 1 for _, _, theirs, ours in found), found
    detailed = [(name, distance) for name, distance, theirs, _ in found if theirs >= 50]
    assert [entry for entry in detailed if entry[1] > 2] == []
    assert sum(distance == 0 for _, distance in detailed) >= 0.99 * len(detailed)
    return len(detailed)


def test_media_of_the_project() -> None:
    assert require_same(photographs(MEDIA)) >= 15


@pytest.mark.skipif(not SHARED.is_dir(), reason="more photographs are not here")
def test_some_more_photographs() -> None:
    paths = photographs(SHARED)
    assert require_same(paths[:: len(paths) // SUBSET]) >= SUBSET // 2


@pytest.mark.long
@pytest.mark.skipif(not SHARED.is_dir(), reason="more photographs are not here")
def test_all_more_photographs() -> None:
    assert require_same(photographs(SHARED)) > 1000


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
    assert far_from_threatexchange(photographs(MEDIA)) == []


@pytest.mark.long
@pytest.mark.skipif(not SHARED.is_dir(), reason="more photographs are not here")
def test_file_bytes_of_more_photographs_give_what_threatexchange_gives() -> None:
    assert far_from_threatexchange([path for path in photographs(SHARED) if path.suffix.lower() in {".jpg", ".jpeg"}]) == []
