# SPDX-License-Identifier: Apache-2.0
"""Pictures that the decoder made smaller: the weights stay the original's, and hardly a bit moves."""

import io
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from stillmine.fingerprint import DEFAULT_LIMITS, MediaError, distance_bits, fingerprint_image, fingerprint_pixels
from stillmine.fingerprint.ground import _kernel
from stillmine.fingerprint.picture.decode import decode_image
from stillmine.fingerprint.picture.jpeg import choose_shrink
from stillmine.fingerprint.structure.jpeg_segments import read_head
from tests.fingerprint.picture_files import MEDIA, photographs, save, scene

ORIENTATION = 0x0112


@settings(deadline=None)
@given(st.integers(5, 1300), st.integers(5, 700), st.sampled_from([2, 4, 8]), st.sampled_from([1, 3, 4]), st.integers(0, 2**32 - 1))
def test_a_small_pixel_weighs_what_the_pixels_weigh_that_it_stands_for(
    width: int, height: int, shrink: int, channels: int, seed: int
) -> None:
    """Exactly the hash of the original whose squares are of one colour each, cut squares at the edges included."""
    random = np.random.Generator(np.random.PCG64(seed))
    small = random.integers(0, 256, (-(-height // shrink), -(-width // shrink), channels), dtype=np.uint8)
    whole = np.ascontiguousarray(small.repeat(shrink, axis=0).repeat(shrink, axis=1)[:height, :width])
    for variants in (1, 8):
        expected = _kernel.pdq(whole, width, height, channels, variants)
        assert _kernel.pdq(small, width, height, channels, variants, shrink) == expected
        bands = (small[top : top + 7].tobytes() for top in range(0, len(small), 7))
        assert _kernel.pdq_of_bands(bands, width, height, channels, variants, shrink) == expected


@pytest.mark.parametrize("shrink", [0, 3, 16, -2])
def test_other_shrinks_are_refused(shrink: int) -> None:
    with pytest.raises(ValueError, match="shrink is 1, 2, 4 or 8"):
        _kernel.pdq(bytes(300), 10, 10, 3, 8, shrink)


@pytest.mark.parametrize("bands", [[], [bytes(30)] * 9, [bytes(30)] * 11, [bytes(600)], [bytes(31)] * 10, [b""]])
def test_bands_have_the_rows_of_the_picture(bands: list[bytes]) -> None:
    with pytest.raises(ValueError, match="rows"):
        _kernel.pdq_of_bands(bands, 10, 10, 3)


def test_an_error_of_the_bands_is_passed_on() -> None:
    def failing() -> object:
        yield bytes(30)
        raise OSError("the disk")

    with pytest.raises(OSError, match="the disk"):
        _kernel.pdq_of_bands(failing(), 10, 10, 3)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        _kernel.pdq_of_bands(7, 10, 10, 3)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        _kernel.pdq_of_bands([3], 10, 10, 3)  # type: ignore[list-item]


@pytest.mark.parametrize(("side", "shrink"), [(384, 1), (896, 1), (897, 2), (1920, 2), (1921, 4), (3968, 4), (3969, 8), (16000, 8)])
def test_windows_keep_four_pixels(side: int, shrink: int) -> None:
    assert choose_shrink(side, side + 500) == choose_shrink(side + 500, side) == shrink


@pytest.mark.parametrize("path", photographs(MEDIA / "clothing")[:4], ids=lambda path: path.stem)
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}, {"restart_marker_rows": 1}], ids=str)
@pytest.mark.parametrize("orientation", [1, 6, 7])
def test_a_large_jpeg_gives_what_all_its_pixels_give(path: Path, options: dict[str, object], orientation: int) -> None:
    with Image.open(path) as image:
        large = image.convert("RGB").resize((2001, 2555), Image.Resampling.LANCZOS)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    data = save(large, "JPEG", quality=90, exif=exif, **options)
    assert decode_image(data, DEFAULT_LIMITS).shrink == 4
    made = fingerprint_image(data)
    upright = large if orientation == 1 else large.transpose({6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE}[orientation])
    assert (made.width, made.height) == upright.size
    expected = fingerprint_pixels(np.asarray(upright), upright.width, upright.height, 3)
    assert [distance_bits(one, other) <= 4 for one, other in zip(made.variants, expected.variants, strict=True)] == [True] * 8
    assert abs(made.quality - expected.quality) <= 1


def test_colours_of_a_wide_gamut_are_converted_before_luma() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = profile[:400].replace(b"rXYZ", b"????").replace(b"bXYZ", b"rXYZ").replace(b"????", b"bXYZ") + profile[400:]
    large = scene(1000, 1200)
    assert decode_image(save(large, "JPEG", icc_profile=profile), DEFAULT_LIMITS).image.mode == "L"
    decoded = decode_image(save(large, "JPEG", icc_profile=swapped, quality=95), DEFAULT_LIMITS)
    assert (decoded.image.mode, decoded.shrink) == ("RGB", 2)
    red, green, blue = large.split()
    shown = fingerprint_pixels(np.asarray(Image.merge("RGB", (blue, green, red))), 1000, 1200, 3)
    assert distance_bits(fingerprint_image(save(large, "JPEG", icc_profile=swapped, quality=95)).pdq, shown.pdq) <= 8


def huge_jpeg(**options: object) -> bytes:
    """108 megapixels, as some phones make them."""
    return save(scene(600, 450).resize((12000, 9000), Image.Resampling.NEAREST), "JPEG", quality=60, **options)


def test_a_photograph_of_108_megapixels_is_read_in_little_memory() -> None:
    data = huge_jpeg()
    tracemalloc.start()
    try:
        made = fingerprint_image(data)
        assert tracemalloc.get_traced_memory()[1] < 16_000_000
    finally:
        tracemalloc.stop()
    decoded = decode_image(data, DEFAULT_LIMITS)
    assert decoded.image.size == (1500, 1125)
    assert (made.width, made.height) == (12000, 9000)
    assert distance_bits(made.pdq, fingerprint_pixels(np.asarray(scene(600, 450)), 600, 450, 3).pdq) <= 12


def test_a_progressive_one_is_refused_as_its_decoder_would_keep_all_of_it() -> None:
    with pytest.raises(MediaError) as caught:
        fingerprint_image(huge_jpeg(progressive=True))
    assert caught.value.code == "image_too_large"


def test_one_pass_is_told_from_the_headers() -> None:
    assert read_head(save(scene(), "JPEG")).is_one_pass
    assert read_head(save(scene().convert("L"), "JPEG")).is_one_pass
    assert read_head(save(scene(), "JPEG", exif=b"Exif\0\0" + bytes(3000), comment=b"\xff\xd8\xff\xda")).is_one_pass
    assert not read_head(save(scene(), "JPEG", progressive=True)).is_one_pass
    assert not read_head(save(scene().convert("L"), "JPEG", progressive=True)).is_one_pass
    data = bytearray(save(scene(), "JPEG"))
    scan = data.index(b"\xff\xda")
    data[scan + 4] = 1
    assert not read_head(bytes(data)).is_one_pass, "each colour comes in a scan of its own"
    whole = save(scene(64, 48), "JPEG")
    for end in range(whole.index(b"\xff\xda") + 5):
        assert not read_head(whole[:end]).is_one_pass


def test_a_greyscale_jpeg_stays_as_it_is() -> None:
    grey = scene(1100, 900).convert("L")
    data = save(grey, "JPEG", quality=95)
    with Image.open(io.BytesIO(data)) as image:
        stored = np.asarray(image)
    assert distance_bits(fingerprint_image(data).pdq, fingerprint_pixels(stored, 1100, 900, 1).pdq) <= 4
