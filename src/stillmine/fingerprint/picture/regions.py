# SPDX-License-Identifier: Apache-2.0
"""Regions of a picture: where its own structure says that one is, and what each looks like. Contract: spec/matching.md, "Regions".

A picture that was cropped, written on or put into another keeps most of its regions. All work is done on the base, a small grey copy. The
base is a picture: treat it as one, never store it, and let go of it with the picture.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stillmine.fingerprint.ground import _kernel

AREA: Final = 256 * 256
"""Pixels of the view in which a picture is enrolled."""
LARGE_AREA: Final = 512 * 512
"""Pixels of the view that is asked about as well, for what is small within another picture."""
FEWEST: Final = 6
"""With fewer regions a picture can't be recognised by them."""
GEOMETRY_BYTES: Final = 5
HASH_BYTES: Final = 32

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Base:
    """Luma at no more than 512 x 512 pixels of area; `levels` is it, row by row, and its halvings behind it."""

    width: int
    height: int
    levels: bytes

    def luma(self) -> Bytes:
        """Return the base as a picture, shape (height, width)."""
        return np.frombuffer(self.levels, np.uint8, self.width * self.height).reshape(self.height, self.width)


@dataclass(frozen=True, slots=True)
class Regions:
    """Best first. Shapes (n, 32), (n, 32), (n, 5), (n,); `mirrored` are the hashes which the same regions have in the mirrored picture."""

    hashes: Bytes
    mirrored: Bytes
    geometry: Bytes
    strengths: NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.hashes)


def base_of(pixels: Bytes) -> Base:
    """Return the base of an upright picture, shape (height, width[, 3 or 4]); raises ValueError for another shape or size.

    The luma of a base is its own base: a base that was turned is given here again.
    """
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3):
        raise ValueError("pixels do not have the shape of a picture")
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    return Base(*_kernel.base_of_bands([np.ascontiguousarray(pixels)], width, height, channels))


def find_regions(base: Base, area: int = AREA, stretch: float = 1.0, count: int = 100) -> Regions:
    """Return at most `count` regions of a view of the base: scaled to `area` pixels, x stretched by `stretch`, to the nearest per cent."""
    return _regions(_kernel.find_regions(base.levels, base.width, base.height, area, round(100 * stretch), count))


def enrolled_regions(base: Base) -> Regions:
    """Return the regions that a case is given: those that are
    not drawn (words, an interface), not repeated (tiles), and not in the bars around a picture."""
    return _regions(_kernel.enrol_regions(base.levels, base.width, base.height))


def frames_of(geometry: Bytes, base: Base, stretch: float = 1.0) -> NDArray[np.int16]:
    """Return the frames, shape (n, 6), of regions found in a view of a base: centre, then the axes along and across the angle."""
    frames = _kernel.frame_regions(np.ascontiguousarray(geometry), base.width, base.height, round(100 * stretch))
    return np.frombuffer(frames, np.int16).reshape(-1, 6)


def hash_places(base: Base, frames: NDArray[np.int16]) -> Bytes:
    """Return what the base looks like at each frame, shape (n, 32)."""
    return _rows(_kernel.hash_frames(base.levels, base.width, base.height, np.ascontiguousarray(frames, np.int16)), HASH_BYTES)


def regions_value(base: Base, pdq: bytes) -> bytes | None:
    """Return the value that a case stores (spec/regions.md), or None where the picture has too few regions to be recognised by."""
    return _kernel.regions_value(base.levels, base.width, base.height, pdq) or None


def _regions(found: tuple[bytes, bytes, bytes, list[int]]) -> Regions:
    geometry, hashes, mirrored, strengths = found
    return Regions(_rows(hashes, HASH_BYTES), _rows(mirrored, HASH_BYTES), _rows(geometry, GEOMETRY_BYTES), np.array(strengths, np.uint32))


def _rows(data: bytes, width: int) -> Bytes:
    return np.frombuffer(data, np.uint8).reshape(-1, width)
