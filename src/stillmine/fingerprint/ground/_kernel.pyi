# SPDX-License-Identifier: Apache-2.0
"""The compiled kernel of pictures: kernel/bindings/python/fingerprint_module.c and fingerprint_bars.c."""

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
MIN_PART_PIXELS: int

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

def find_parts(luma: NDArray[np.uint8], /) -> list[tuple[int, int, int, int, tuple[int, int, int, int]]]:
    """Return the pictures that may be inside upright luma (height, width): left, top, right, bottom, and what was found at each side.

    Sides are above, below, left, right; 0 is nothing, 1 a plain bar, 2 one with something on it. Rows must be contiguous each. Lets go
    of the GIL. Raises ValueError for another shape.
    """

def learn_bars(pixels: NDArray[np.uint8], rows: bytearray, columns: bytearray, /) -> None:
    """Raise the brightest value of each row and column, one byte each, to that of a picture (height, width, 3).

    Rows must be contiguous each. Lets go of the GIL. Raises ValueError for another shape or number of values.
    """

def find_bars(rows: Buffer, columns: Buffer, /) -> tuple[int, int, int, int]:
    """Return the left, top, right and bottom of what lies between the bars; raises ValueError where there is no row or column."""

def are_close_bounds(one: tuple[int, int, int, int], other: tuple[int, int, int, int], width: int, height: int, /) -> bool:
    """Return whether fingerprints within both are as good as the same."""

def base_of_bands(bands: Iterable[Buffer | NDArray[np.uint8]], width: int, height: int, pixel_format: int, /) -> tuple[int, int, bytes]:
    """Return the width and height of the base of a picture, and its luma, row by row, followed by its halvings.

    Bands are whole rows without gaps, top to bottom. Lets go of the GIL. Raises ValueError for a wrong size, format or number of rows.
    """

def find_regions(levels: Buffer, width: int, height: int, area: int, stretch: int, count: int, /) -> tuple[bytes, bytes, bytes, list[int]]:
    """Return geometry (5 bytes each), hashes, mirrored hashes (32 bytes each) and strengths of at most `count` regions, best first.

    `area` is 65536 or 262144 pixels, `stretch` that of x in per cent. Lets go of the GIL. Raises ValueError for anything else.
    """

def enrol_regions(levels: Buffer, width: int, height: int, /) -> tuple[bytes, bytes, bytes, list[int]]:
    """Return the same of the regions that a case is given: none that is drawn, repeated or around the picture, at most 36."""

def regions_value(levels: Buffer, width: int, height: int, pdq: Buffer, /) -> bytes:
    """Return the value that a case stores, empty where there are too few regions; raises ValueError for a PDQ of another length."""

def frame_regions(geometry: Buffer | NDArray[np.uint8], width: int, height: int, stretch: int, /) -> bytes:
    """Return the frames (six int16 each) of regions in a base of this size; raises ValueError for a wrong length or size."""

def hash_frames(levels: Buffer, width: int, height: int, frames: NDArray[np.int16], /) -> bytes:
    """Return 32 bytes for each of the frames, shape (n, 6). Lets go of the GIL. Raises ValueError for another length."""
