# SPDX-License-Identifier: Apache-2.0
"""Image file to pixels as a browser would show them: upright, in sRGB, eight bits, first frame.

Files come from strangers. Size is checked on the header before a pixel is decoded, only the listed formats are
tried, a file that ends early is refused, and nothing a decoder says is repeated.
"""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from stillmine.fingerprint import _kernel
from stillmine.fingerprint.colour import to_srgb
from stillmine.fingerprint.errors import (
    EmptyFileError,
    FileTooLargeError,
    ImageTooLargeError,
    ImageTooSmallError,
    NotAnImageError,
    TruncatedImageError,
    UnsupportedImageError,
)
from stillmine.fingerprint.limits import Limits

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")

_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM")
_OTHER_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"8BPS", b"%PDF", b"\x1aE\xdf\xa3", b"\0\0\0\x0cJXL ", b"\xff\x0a")
_FILE_TYPE_BOX = slice(4, 8)
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_WITH_ALPHA = frozenset({"RGBA", "RGBa", "LA", "La", "PA"})
_SIXTEEN_BIT = frozenset({"I;16", "I;16B", "I;16L", "I;16N", "I"})


@dataclass(frozen=True, slots=True)
class Pixels:
    """Rows top to bottom, `pixel_format` one of the kernel's, alpha not premultiplied."""

    data: bytes
    width: int
    height: int
    pixel_format: int


def decode_image(data: bytes, limits: Limits) -> Pixels:
    """Return the upright pixels of the file's first frame; raises a MediaError."""
    if not data:
        raise EmptyFileError
    if len(data) > limits.max_file_bytes:
        raise FileTooLargeError(f"at most {limits.max_file_bytes} bytes")
    with _open(data) as image:
        require_size(image.width, image.height, limits)
        orientation = _read_orientation(image)
        return _to_pixels(_turn(_load(image), orientation))


def require_size(width: int, height: int, limits: Limits) -> None:
    """Raise ImageTooSmallError or ImageTooLargeError for a picture outside the limits."""
    if min(width, height) < limits.min_dimension:
        raise ImageTooSmallError(f"at least {limits.min_dimension} pixels a side")
    if max(width, height) > limits.max_dimension or width * height > limits.max_pixels:
        raise ImageTooLargeError(f"at most {limits.max_dimension} pixels a side and {limits.max_pixels} in all")


def _open(data: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ImageTooLargeError from None
    except Exception:  # on hostile headers decoders raise nearly anything
        raise _explain(data) from None


def _explain(data: bytes) -> TruncatedImageError | UnsupportedImageError | NotAnImageError:
    """Tell a damaged picture from another kind of file from no picture at all."""
    if data.startswith(_SIGNATURES) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP"):
        return TruncatedImageError()
    if data.startswith(_OTHER_SIGNATURES) or data[_FILE_TYPE_BOX] == b"ftyp" or data[:4] == b"RIFF":
        return UnsupportedImageError()
    return NotAnImageError()


def _load(image: Image.Image) -> Image.Image:
    """Decode; a damaged file raises TruncatedImageError and never gives half a picture."""
    try:
        image.load()
        return to_srgb(_to_plain_mode(image))
    except Exception:  # as above; the decoder's words could quote the file
        raise TruncatedImageError from None


def _read_orientation(image: Image.Image) -> int:
    """EXIF only: an orientation in XMP is ignored, as browsers ignore it. Unreadable EXIF counts as upright."""
    stored = image.info.get("exif")
    if not isinstance(stored, bytes):
        return 1
    exif = Image.Exif()
    try:
        exif.load(stored)
        return int(exif.get(_ORIENTATION, 1))
    except Exception:  # a camera's broken EXIF must not cost a person the picture
        return 1


def _turn(image: Image.Image, orientation: int) -> Image.Image:
    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


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


def _to_pixels(image: Image.Image) -> Pixels:
    formats = {"L": _kernel.LUMA8, "RGB": _kernel.RGB8, "RGBA": _kernel.RGBA8}
    return Pixels(image.tobytes(), image.width, image.height, formats[image.mode])
