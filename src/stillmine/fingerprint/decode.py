# SPDX-License-Identifier: Apache-2.0
"""Image file to pixels as a browser would show them: in sRGB, eight bits, first frame, with the turn that makes them upright.

Files come from strangers. Size is checked on the header before a pixel is decoded, a file that ends early is refused,
and nothing a decoder says is repeated.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFile

from stillmine.fingerprint.colour import to_srgb
from stillmine.fingerprint.errors import (
    EmptyFileError,
    FileTooLargeError,
    ImageTooLargeError,
    ImageTooSmallError,
    TruncatedImageError,
)
from stillmine.fingerprint.formats import claimed_canvas, open_image
from stillmine.fingerprint.jpeg import draft_image, is_one_pass
from stillmine.fingerprint.limits import Limits
from stillmine.fingerprint.turns import UPRIGHT_BY_ORIENTATION

_ORIENTATION = 0x0112
_BAND_BYTES = 1 << 18
_WITH_ALPHA = frozenset({"RGBA", "RGBa", "LA", "La", "PA"})
_SIXTEEN_BIT = frozenset({"I;16", "I;16B", "I;16L", "I;16N", "I"})
_ANIMATIONS = frozenset({"GIF", "WEBP", "PNG", "AVIF"})
"""Formats whose further frames are a film; those of TIFF and HEIF are other pictures."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """`image` is L, RGB or RGBA as stored; `width` and `height` are those of the stored original, of which it may be a `shrink`th."""

    image: Image.Image
    width: int
    height: int
    shrink: int
    turn: str
    """What makes it upright: one of the variants' names."""
    is_animated: bool


def decode_image(data: bytes, limits: Limits) -> Decoded:
    """Return the pixels of the file's first frame; raises a MediaError."""
    if not data:
        raise EmptyFileError
    if len(data) > limits.max_file_bytes:
        raise FileTooLargeError(f"at most {limits.max_file_bytes} bytes")
    if canvas := claimed_canvas(data):
        require_size(*canvas, limits, limits.max_pixels)
    with open_image(data) as image:
        is_jpeg = image.format == "JPEG"
        width, height = image.size
        require_size(width, height, limits, limits.max_shrunk_pixels if is_jpeg and is_one_pass(data) else limits.max_pixels)
        is_animated = _is_animated(image)
        turn = UPRIGHT_BY_ORIENTATION.get(_read_orientation(image), "original")
        pixels, shrink = _load(image, is_jpeg)
        if shrink == 1:
            width, height = pixels.size  # a TIFF is turned, an HEIF may change, while it is decoded
            require_size(width, height, limits, limits.max_pixels)
        return Decoded(pixels, width, height, shrink, turn, is_animated)


def require_size(width: int, height: int, limits: Limits, max_pixels: int) -> None:
    """Raise ImageTooSmallError or ImageTooLargeError for a picture outside the limits."""
    if min(width, height) < limits.min_dimension:
        raise ImageTooSmallError(f"at least {limits.min_dimension} pixels a side")
    if max(width, height) > limits.max_dimension or width * height > max_pixels:
        raise ImageTooLargeError(f"at most {limits.max_dimension} pixels a side and {max_pixels} in all")


def bands_of(image: Image.Image) -> Iterator[bytes]:
    """Give the rows of an L, RGB or RGBA picture in portions that stay in the processor's cache, never all at once."""
    rows = max(1, _BAND_BYTES // (image.width * len(image.getbands())))
    for top in range(0, image.height, rows):
        yield image.crop((0, top, image.width, min(top + rows, image.height))).tobytes()


def _is_animated(image: ImageFile.ImageFile) -> bool:
    """Whether more frames follow; some readers look for the next frame only now, and it may be damaged."""
    try:
        return image.format in _ANIMATIONS and bool(getattr(image, "is_animated", False))
    except Exception:  # as below
        raise TruncatedImageError from None


def _load(image: ImageFile.ImageFile, is_jpeg: bool) -> tuple[Image.Image, int]:
    """Decode; a damaged file raises TruncatedImageError and never gives half a picture."""
    try:
        shrink = draft_image(image) if is_jpeg else 1
        image.load()
        return to_srgb(_to_plain_mode(image)), shrink
    except Exception:  # on hostile files decoders raise nearly anything, and their words could quote the file
        raise TruncatedImageError from None


def _read_orientation(image: Image.Image) -> int:
    """EXIF only: an orientation in XMP is ignored, as browsers ignore it. Unreadable EXIF counts as upright.

    AVIF's own turns are put into the EXIF by its reader; those of HEIF are applied by its decoder, and taken out of the EXIF.
    """
    stored = image.info.get("exif")
    if not isinstance(stored, bytes):
        return 1
    exif = Image.Exif()
    try:
        exif.load(stored)
        return int(exif.get(_ORIENTATION, 1))
    except Exception:  # a camera's broken EXIF must not cost a person the picture
        return 1


def _to_plain_mode(image: Image.Image) -> Image.Image:
    """One of L, RGB, RGBA, CMYK, carrying the colour profile along."""
    if image.mode in _SIXTEEN_BIT:
        # Pillow's own conversion clips instead of scaling; browsers keep the upper byte, and so does Pillow for RGB.
        wide = np.asarray(image)
        return Image.fromarray((np.clip(wide, 0, 65535) >> 8).astype(np.uint8))
    if image.mode in _WITH_ALPHA or "transparency" in image.info:
        return _convert(image, "RGBA")
    if image.mode == "1":
        return _convert(image, "L")
    return image if image.mode in ("L", "RGB", "CMYK") else _convert(image, "RGB")


def _convert(image: Image.Image, mode: str) -> Image.Image:
    converted = image if image.mode == mode else image.convert(mode)
    if "icc_profile" in image.info:
        converted.info["icc_profile"] = image.info["icc_profile"]
    return converted
