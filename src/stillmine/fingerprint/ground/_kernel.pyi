# SPDX-License-Identifier: Apache-2.0
"""The compiled PDQ kernel: kernel/bindings/python/fingerprint_module.c."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Buffer

LUMA8: int
RGB8: int
RGBA8: int
MIN_DIMENSION: int
MAX_DIMENSION: int
MAX_PIXELS: int

def pdq(
    pixels: Buffer | NDArray[np.uint8], width: int, height: int, pixel_format: int, variants: int = 8, shrink: int = 1, /
) -> tuple[tuple[bytes, ...], int]:
    """Return the hashes (32 bytes each: all eight in the order of the variants, or the original only) and the quality, 0 to 100.

    `pixels` are unsigned bytes, flat or shaped (height, width[, channels]), rows top to bottom and each contiguous.
    With `shrink` 2, 4 or 8 they are those of a picture that its decoder made that much smaller, while width and height stay the
    original's. Lets go of the GIL. Raises ValueError for a wrong shape, size, format or number.
    """

def pdq_of_bands(
    bands: Iterable[Buffer], width: int, height: int, pixel_format: int, variants: int = 8, shrink: int = 1, /
) -> tuple[tuple[bytes, ...], int]:
    """Return the same of a picture given in bands of whole rows, top to bottom; each is let go of before the next is asked for."""

def distance_bits(left: bytes, right: bytes, /) -> int:
    """Return the number of differing bits of two hashes of 32 bytes; raises ValueError for other lengths."""
