# SPDX-License-Identifier: Apache-2.0
"""Formats, orientation, colour and alpha: what a browser would show is what is fingerprinted."""

import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageSequence

from stillmine.fingerprint import ImageFingerprint, distance_bits, fingerprint_image, fingerprint_pixels
from tests.fingerprint.picture_files import MEDIA, photographs, save, scene

ORIENTATION = 0x0112
STORED_AS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def plain(image: Image.Image) -> ImageFingerprint:
    pixels = np.asarray(image.convert("RGB"))
    return fingerprint_pixels(pixels, image.width, image.height, 3)


@pytest.mark.parametrize("name", ["PNG", "BMP", "WEBP"])
def test_lossless_formats_give_the_same_as_pixels(name: str) -> None:
    image = scene()
    options = {"lossless": True} if name == "WEBP" else {}
    assert fingerprint_image(save(image, name, **options)) == plain(image)


@pytest.mark.parametrize(
    ("name", "options"),
    [("JPEG", {"quality": 90}), ("JPEG", {"quality": 90, "progressive": True}), ("WEBP", {"quality": 80}), ("GIF", {})],
    ids=["jpeg", "progressive jpeg", "webp", "gif"],
)
def test_lossy_formats_stay_near(name: str, options: dict[str, object]) -> None:
    image = scene()
    assert distance_bits(fingerprint_image(save(image, name, **options)).pdq, plain(image).pdq) <= 8


@pytest.mark.parametrize("orientation", STORED_AS)
@pytest.mark.parametrize("name", ["PNG", "JPEG"])
def test_orientation_is_applied(name: str, orientation: int) -> None:
    image = scene()
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    stored = save(image.transpose(STORED_AS[orientation]), name, exif=exif, **({"quality": 98} if name == "JPEG" else {}))
    made = fingerprint_image(stored)
    assert (made.width, made.height) == image.size
    assert distance_bits(made.pdq, plain(image).pdq) <= (4 if name == "JPEG" else 0)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("exif", [b"", b"Exif\0\0", b"Exif\0\0MM\0*\xff\xff\xff\xff", b"Exif\0\0II*\0" + bytes(40)])
def test_broken_exif_counts_as_upright(exif: bytes) -> None:
    image = scene()
    assert fingerprint_image(save(image, "JPEG", quality=95, exif=exif)) == fingerprint_image(save(image, "JPEG", quality=95))


def test_orientation_out_of_range_counts_as_upright() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 77
    assert fingerprint_image(save(scene(), "PNG", exif=exif)) == plain(scene())


def test_alpha_is_laid_on_white_and_hidden_colours_do_not_count() -> None:
    image = scene().convert("RGBA")
    alpha = Image.linear_gradient("L").resize(image.size)
    image.putalpha(alpha)
    on_white = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    assert distance_bits(fingerprint_image(save(image, "PNG")).pdq, plain(on_white).pdq) <= 2
    hidden = np.asarray(image).copy()
    hidden[..., 3] = 0
    assert fingerprint_image(save(Image.fromarray(hidden), "PNG")).quality == 0


def test_transparent_palette_is_laid_on_white() -> None:
    picture = np.asarray(scene().convert("L")) // 64
    image = Image.fromarray(picture.astype(np.uint8)).convert("P")
    image.putpalette([0, 0, 0, 90, 90, 90, 170, 170, 170, 40, 40, 40])
    image.info["transparency"] = 3
    shown = np.array([0, 90, 170, 255], np.uint8)[picture]
    for name in ("PNG", "GIF"):
        made = fingerprint_image(save(image, name, transparency=3))
        assert distance_bits(made.pdq, fingerprint_pixels(shown, 320, 240, 1).pdq) == 0


@pytest.mark.parametrize("mode", ["L", "1", "P", "LA"])
def test_greyscale_and_palette(mode: str) -> None:
    image = scene().convert("L").convert(mode)
    assert distance_bits(fingerprint_image(save(image, "PNG")).pdq, plain(image).pdq) <= 2


def test_sixteen_bits_keep_the_upper_byte() -> None:
    grey = np.asarray(scene().convert("L"))
    wide = (grey.astype(np.uint16) << 8) | np.uint16(200)
    assert fingerprint_image(save(Image.fromarray(wide), "PNG")) == fingerprint_pixels(grey, 320, 240, 1)


def test_cmyk_jpeg_is_read() -> None:
    image = scene()
    assert distance_bits(fingerprint_image(save(image.convert("CMYK"), "JPEG", quality=95)).pdq, plain(image).pdq) <= 12


SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def exchange_red_and_blue(profile: bytes) -> bytes:
    """A profile that says: what is stored as red is blue."""
    tags = profile[:400].replace(b"rXYZ", b"????").replace(b"bXYZ", b"rXYZ").replace(b"????", b"bXYZ")
    return tags + profile[400:]


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_colour_profile_is_applied(mode: str) -> None:
    image = scene().convert(mode)
    red, green, blue = scene().split()
    shown = plain(Image.merge("RGB", (blue, green, red)))
    made = fingerprint_image(save(image, "PNG", icc_profile=exchange_red_and_blue(SRGB)))
    assert distance_bits(made.pdq, shown.pdq) <= 6
    assert distance_bits(made.pdq, plain(scene()).pdq) > 20


def test_srgb_profile_changes_nothing() -> None:
    assert fingerprint_image(save(scene(), "PNG", icc_profile=SRGB)) == plain(scene())


@pytest.mark.parametrize("profile", [b"x", bytes(128), b"nonsense" * 100])
def test_unusable_profile_is_ignored(profile: bytes) -> None:
    assert fingerprint_image(save(scene(), "PNG", icc_profile=profile)) == plain(scene())


def test_profile_of_another_colour_space_is_ignored() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    assert fingerprint_image(save(scene(), "PNG", icc_profile=lab)) == plain(scene())


@pytest.mark.parametrize("name", ["GIF", "WEBP"])
def test_first_frame_of_an_animation(name: str) -> None:
    frames = [scene().convert("L").quantize(64), Image.new("P", (320, 240))]
    if name == "WEBP":
        frames = [frame.convert("RGB") for frame in frames]
    options = {"lossless": True} if name == "WEBP" else {}
    moving = save(frames[0], name, save_all=True, append_images=frames[1:], **options)
    with Image.open(io.BytesIO(moving)) as image:
        assert sum(1 for _ in ImageSequence.Iterator(image)) == 2
    assert distance_bits(fingerprint_image(moving).pdq, plain(frames[0]).pdq) <= 2


def test_threads_share_nothing() -> None:
    files = [path.read_bytes() for path in photographs(MEDIA)]
    alone = [fingerprint_image(data) for data in files]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(fingerprint_image, files * 3)) == alone * 3


def test_a_fingerprint_does_not_print_its_variants() -> None:
    assert "variants" not in repr(plain(scene()))
