# SPDX-License-Identifier: Apache-2.0
"""Pictures to PDQ fingerprints.

Holds the values and joins decoder and kernel; no algorithm. Safe to call from several threads: the decoder and the
kernel let go of the GIL and share nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stillmine.fingerprint.ground import _kernel
from stillmine.fingerprint.ground.limits import DEFAULT_LIMITS, Limits
from stillmine.fingerprint.ground.turns import VARIANTS, exchanges_sides, variants_after
from stillmine.fingerprint.picture.decode import Decoded, bands_of, decode_image, require_size

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from typing_extensions import Buffer

__all__ = ["VARIANTS", "ImageFingerprint", "distance_bits", "fingerprint_decoded", "fingerprint_image", "fingerprint_pixels"]

_FORMATS_BY_MODE = {"L": _kernel.LUMA8, "RGB": _kernel.RGB8, "RGBA": _kernel.RGBA8}
_FORMATS = {1: _kernel.LUMA8, 3: _kernel.RGB8, 4: _kernel.RGBA8}


@dataclass(frozen=True, slots=True)
class ImageFingerprint:
    """The eight PDQ hashes of a picture; a case stores only `pdq`, the others are for asking."""

    variants: tuple[bytes, ...] = field(repr=False)
    quality: int
    width: int
    height: int
    is_animated: bool = False
    """Whether this is only the first of several frames; the others are for the video's fingerprint."""
    is_mended: bool = False
    """Whether the file is damaged, or its end is missing, and every pixel is there all the same."""
    lacks_pixels: bool = False
    """Whether this is of what could be decoded; only on the asking side, never in a case."""

    @property
    def pdq(self) -> bytes:
        """The 32 bytes of the picture as it is."""
        return self.variants[0]

    @property
    def text(self) -> str:
        """The field's text form: 64 lower-case hex digits."""
        return self.pdq.hex()


def fingerprint_image(
    data: bytes, limits: Limits = DEFAULT_LIMITS, place: int | None = None, *, is_asking: bool = False
) -> ImageFingerprint:
    """Return the fingerprint of what an image file shows first, or its picture at `place`, as far as it is there if `is_asking`.

    Raises a MediaError.
    """
    return fingerprint_decoded(decode_image(data, limits, place, is_asking=is_asking))


def fingerprint_decoded(decoded: Decoded) -> ImageFingerprint:
    """Return the fingerprint of a decoded picture, upright: the hashes are put in order instead of the pixels."""
    pixel_format = _FORMATS_BY_MODE[decoded.image.mode]
    hashes, quality = _kernel.pdq_of_bands(bands_of(decoded.image), decoded.width, decoded.height, pixel_format, 8, decoded.shrink)
    width, height = (decoded.height, decoded.width) if exchanges_sides(decoded.turn) else (decoded.width, decoded.height)
    return ImageFingerprint(
        variants_after(decoded.turn, hashes), quality, width, height, decoded.is_animated, decoded.is_mended, decoded.lacks_pixels
    )


def fingerprint_pixels(
    pixels: Buffer | NDArray[np.uint8],
    width: int,
    height: int,
    channels: int,
    limits: Limits = DEFAULT_LIMITS,
    *,
    variants: int = len(VARIANTS),
) -> ImageFingerprint:
    """Return the fingerprint of upright sRGB pixels: 1 byte (luma), 3 (RGB) or 4 (RGBA, laid on white) each.

    `variants` 1 makes only that of the picture as it is, in a third of the time.

    Rows top to bottom; a NumPy array may be a view with rows apart. Raises ImageTooSmallError, ImageTooLargeError,
    or ValueError if the buffer does not hold width * height pixels.
    """
    if channels not in _FORMATS:
        raise ValueError("a pixel has 1, 3 or 4 channels")
    require_size(width, height, limits, limits.max_pixels)
    hashes, quality = _kernel.pdq(pixels, width, height, _FORMATS[channels], variants)
    return ImageFingerprint(hashes, quality, width, height)


def distance_bits(left: bytes, right: bytes) -> int:
    """Return how many of the 256 bits differ; raises ValueError unless both have 32 bytes."""
    return _kernel.distance_bits(left, right)
