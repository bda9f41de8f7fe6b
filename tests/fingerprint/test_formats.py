# SPDX-License-Identifier: Apache-2.0
"""Every format that phones and platforms produce gives the fingerprint of the picture that a browser would show."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from stillmine.fingerprint import ImageFingerprint, MediaError, distance_bits, fingerprint_image, fingerprint_pixels
from stillmine.fingerprint.ground.turns import UPRIGHT_BY_ORIENTATION, VARIANTS, turn_after, variants_after
from tests.fingerprint.picture_files import heic_of, save, scene
from tests.more_media import SMALL, larger_media

ORIENTATION = 0x0112
STORED_AS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def plain(image: Image.Image) -> ImageFingerprint:
    return fingerprint_pixels(np.asarray(image.convert("RGB")), image.width, image.height, 3)


def with_orientation(orientation: int) -> tuple[Image.Image, bytes]:
    turn = STORED_AS[orientation]
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return scene() if turn is None else scene().transpose(turn), exif.tobytes()


def test_turns_compose_as_pictures_do() -> None:
    picture = np.arange(6).reshape(2, 3)
    shown = {
        name: turned.tolist()
        for name, turned in zip(
            VARIANTS,
            (
                picture,
                np.rot90(picture),
                np.rot90(picture, 2),
                np.rot90(picture, 3),
                np.fliplr(picture),
                np.flipud(picture),
                picture.T,
                np.rot90(picture.T, 2),
            ),
            strict=True,
        )
    }
    ways: dict[str, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
        "original": np.asarray,
        "rotate90": np.rot90,
        "rotate180": lambda array: np.rot90(array, 2),
        "rotate270": lambda array: np.rot90(array, 3),
        "flip_horizontal": np.fliplr,
        "flip_vertical": np.flipud,
        "transpose": np.transpose,
        "transverse": lambda array: np.rot90(array.T, 2),
    }
    for first in VARIANTS:
        for second in VARIANTS:
            assert ways[second](np.asarray(shown[first])).tolist() == shown[turn_after(first, second)], (first, second)
        assert variants_after(first, VARIANTS)[0] == first


@pytest.mark.parametrize("orientation", UPRIGHT_BY_ORIENTATION)
@pytest.mark.parametrize("name", ["PNG", "JPEG", "WEBP", "TIFF", "AVIF"])
def test_orientation_is_applied_once(name: str, orientation: int) -> None:
    stored, exif = with_orientation(orientation)
    options = {"PNG": {}, "WEBP": {"lossless": True}, "TIFF": {}}.get(name, {"quality": 98})
    made = fingerprint_image(save(stored, name, exif=exif, **options))
    assert (made.width, made.height) == scene().size
    limit = 0 if name in {"PNG", "WEBP", "TIFF"} else 6
    for one, other in zip(made.variants, plain(scene()).variants, strict=True):
        assert distance_bits(one, other) <= limit


@pytest.mark.parametrize("orientation", UPRIGHT_BY_ORIENTATION)
def test_orientation_of_heic_is_not_applied_twice(orientation: int) -> None:
    """Such files say it twice, in EXIF and in their own boxes, and the decoder has already followed the boxes."""
    stored, exif = with_orientation(orientation)
    data = heic_of(stored, exif=exif, quality=90)
    assert b"irot" in data or b"imir" in data or orientation == 1
    made = fingerprint_image(data)
    assert (made.width, made.height) == scene().size
    assert distance_bits(made.pdq, plain(scene()).pdq) <= 8


@pytest.mark.parametrize("depth", [8, 10])
def test_heic_of_eight_and_ten_bits(depth: int) -> None:
    made = fingerprint_image(heic_of(scene(), quality=90, bit_depth=depth))
    assert distance_bits(made.pdq, plain(scene()).pdq) <= 8
    assert made.is_animated is False


def test_brands_tell_heic_from_avif() -> None:
    heic, avif = heic_of(scene()), save(scene(), "AVIF")
    assert heic[4:12] == b"ftypheic"
    general = heic[:8] + b"mif1" + heic[12:]
    assert distance_bits(fingerprint_image(general).pdq, plain(scene()).pdq) <= 8
    general = avif[:8] + b"mif1" + avif[12:]
    assert distance_bits(fingerprint_image(general).pdq, plain(scene()).pdq) <= 8


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_tiff(compression: str | None) -> None:
    assert fingerprint_image(save(scene(), "TIFF", compression=compression)) == plain(scene())


def test_tiff_of_sixteen_bits_keeps_the_upper_byte() -> None:
    grey = np.asarray(scene().convert("L"))
    wide = (grey.astype(np.uint16) << 8) | np.uint16(200)
    assert fingerprint_image(save(Image.fromarray(wide), "TIFF")) == fingerprint_pixels(grey, 320, 240, 1)


def test_of_a_tiff_with_pages_the_first_counts() -> None:
    made = fingerprint_image(save(scene(), "TIFF", save_all=True, append_images=[Image.new("RGB", (90, 80))]))
    assert made == plain(scene())


def test_palette_png_with_sixteen_bit_alpha_and_grey() -> None:
    for mode in ("P", "LA", "L", "RGBA"):
        image = scene().convert("L").convert(mode)
        assert distance_bits(fingerprint_image(save(image, "PNG")).pdq, plain(image).pdq) <= 2


def moving(name: str, count: int) -> bytes:
    frames = [scene(), *(scene().rotate(90 * turn) for turn in range(1, count))]
    options = {"lossless": True} if name == "WEBP" else {"quality": 95} if name == "AVIF" else {}
    return save(frames[0], name, save_all=True, append_images=frames[1:], duration=100, **options)


@pytest.mark.parametrize("name", ["GIF", "PNG", "WEBP", "AVIF"])
def test_animations_are_told(name: str) -> None:
    made = fingerprint_image(moving(name, 3))
    assert made.is_animated
    assert distance_bits(made.pdq, plain(scene()).pdq) <= 12
    assert not fingerprint_image(moving(name, 1)).is_animated


BROKEN = {"corrupted.heic": "truncated_image", "corrupted.hif": "truncated_image", "empty.heic": "empty_file"}


def outcomes_of(paths: Iterable[Path]) -> dict[str, int | str]:
    """Each file's quality, or why it is refused."""
    outcomes: dict[str, int | str] = {}
    for path in paths:
        try:
            outcomes[path.name] = fingerprint_image(path.read_bytes()).quality
        except MediaError as error:
            outcomes[path.name] = error.code
    return outcomes


def refused(outcomes: dict[str, int | str]) -> dict[str, int | str]:
    return {name: outcome for name, outcome in outcomes.items() if isinstance(outcome, str)}


def test_heic_files_of_every_depth() -> None:
    outcomes = outcomes_of((SMALL / "photos" / "heif").glob("heif*/*"))
    assert len(outcomes) > 30
    assert refused(outcomes) == BROKEN


@pytest.mark.larger_media
def test_phones_heic_files() -> None:
    outcomes = outcomes_of((larger_media() / "photos" / "heif").glob("heif*/*"))
    assert refused(outcomes) == {**BROKEN, "200MP.heic": "image_too_large"}
    assert outcomes["pug.heic"] == outcomes["cat.hif"] == outcomes["xiaomi.heic"] == 100
