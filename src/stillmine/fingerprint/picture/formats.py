# SPDX-License-Identifier: Apache-2.0
"""Which decoder reads a picture: told by its first bytes, never by a name, and one decoder only.

Pillow's own opening would try every format it knows and keeps a limit of its own in a global; here each signature has
one reader, and what no reader is named for is refused. Must never decode a pixel: that comes after the size was checked.
"""

import io
from collections.abc import Callable
from typing import Literal

import pillow_heif
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from stillmine.fingerprint.ground.errors import ImageTooLargeError, NotAnImageError, TruncatedImageError, UnsupportedImageError
from stillmine.fingerprint.structure.boxes import without_sequence
from stillmine.fingerprint.structure.signatures import brands_of, is_avif

_Reader = Callable[[io.BytesIO], ImageFile.ImageFile]

_READERS: tuple[tuple[tuple[bytes, ...], _Reader], ...] = (
    ((b"\xff\xd8\xff",), JpegImagePlugin.JpegImageFile),
    ((b"\x89PNG\r\n\x1a\n",), PngImagePlugin.PngImageFile),
    ((b"GIF87a", b"GIF89a"), GifImagePlugin.GifImageFile),
    ((b"BM",), BmpImagePlugin.BmpImageFile),
    ((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), TiffImagePlugin.TiffImageFile),
)
_OTHER_SIGNATURES = (b"8BPS", b"%PDF", b"\x1aE\xdf\xa3", b"\0\0\0\x0cJXL ", b"\xff\x0a", b"\0\0\0\x0cjP  ")
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1", b"mif2"})
_END_OF_CANVAS = 30


def open_image(data: bytes) -> ImageFile.ImageFile:
    """Return the picture with its header read; raises TruncatedImageError, UnsupportedImageError, ImageTooLargeError or NotAnImageError."""
    reader = _choose_reader(data)
    try:
        return reader(io.BytesIO(data))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ImageTooLargeError from None
    except Exception:  # on hostile headers decoders raise nearly anything
        is_unknown_kind = reader is TiffImagePlugin.TiffImageFile and _is_complete_tiff(data)
        raise (UnsupportedImageError if is_unknown_kind else TruncatedImageError) from None


def claimed_canvas(data: bytes) -> tuple[int, int] | None:
    """Return width and height that an extended WebP claims: its reader takes memory for them as soon as it opens the file."""
    if data[:4] != b"RIFF" or data[8:16] != b"WEBPVP8X" or len(data) < _END_OF_CANVAS:
        return None
    return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:_END_OF_CANVAS], "little")


def _choose_reader(data: bytes) -> _Reader:
    for signatures, reader in _READERS:
        if data.startswith(signatures):
            return reader
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WebPImagePlugin.WebPImageFile
    brands = frozenset(brands_of(data))  # an HEIC also names the general `mif1`, so the particular ones count first
    if is_avif(data):
        return AvifImagePlugin.AvifImageFile
    if brands & _HEIF_BRANDS:
        return _open_heif
    raise UnsupportedImageError if brands or data.startswith((*_OTHER_SIGNATURES, b"RIFF")) else NotAnImageError


def _open_heif(stream: io.BytesIO) -> ImageFile.ImageFile:
    reader: _Reader = pillow_heif.HeifImageFile
    return reader(io.BytesIO(without_sequence(stream.getvalue())))


def _is_complete_tiff(data: bytes) -> bool:
    """Whether its directory, often the last thing in the file, is there: then it holds what no decoder here knows."""
    order: Literal["little", "big"] = "little" if data.startswith(b"II") else "big"
    is_big = data[2:4] in (b"+\0", b"\0+")
    return int.from_bytes(data[8:16] if is_big else data[4:8], order) < len(data)
