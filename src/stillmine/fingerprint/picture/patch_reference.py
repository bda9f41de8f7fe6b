# SPDX-License-Identifier: Apache-2.0
"""What a region looks like, the slow and readable way: frames, patches and their hashes; part of regions_reference.py."""

from math import isqrt

import numpy as np
from numpy.typing import NDArray

from stillmine.fingerprint.picture import regions_tables as tables

Whole = NDArray[np.int64]
Frame = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]
"""Centre, axis along the angle, axis across; x and y of each in 1/65536 pixel of the base."""

SIDE = 32
KEPT = 16


def towards_zero(value: int, by: int) -> int:
    """Divide as C does."""
    quotient = abs(value) // abs(by)
    return quotient if (value < 0) == (by < 0) else -quotient


def radius_of(byte: int) -> int:
    """Return the radius in 1/65536 pixel."""
    return tables.RADII[byte % 48] << (byte // 48)


def cosine_of(angle: int) -> int:
    """Return the cosine of `angle` (of 256 a turn) in 1/32768."""
    folded = min(angle % 256, 256 - angle % 256)
    return tables.QUARTER_TURN[folded] if folded <= 64 else -tables.QUARTER_TURN[128 - folded]


def halvings(base: Whole) -> list[Whole]:
    """Return the base and its halvings, until one pixel is left."""
    levels = [base]
    while levels[-1].size > 1:
        levels.append(_halve(levels[-1]))
    return levels


def _halve(level: Whole) -> Whole:
    height, width = level.shape
    padded = np.pad(level, ((1, 2), (1, 2)), mode="edge")
    rows = [padded[place : place + 2 * ((height + 1) // 2) : 2] for place in range(4)]
    mixed = rows[0] + 3 * rows[1] + 3 * rows[2] + rows[3]
    columns = [mixed[:, place : place + 2 * ((width + 1) // 2) : 2] for place in range(4)]
    return np.asarray((columns[0] + 3 * columns[1] + 3 * columns[2] + columns[3] + 32) // 64)


def frame_of(geometry: bytes, shape: tuple[int, int], stretch: int) -> Frame:
    """Return the frame of a region of a view of a base of this shape."""
    height, width = shape
    across = isqrt((width * height * 100 << 32) // stretch) // 256
    down = isqrt((width * height * stretch << 32) // 100) // 256
    x, y = geometry[0] << 4 | geometry[1] >> 4, (geometry[1] & 15) << 8 | geometry[2]
    radius = radius_of(geometry[3]) >> 8
    cosine, sine = cosine_of(geometry[4]), cosine_of(geometry[4] + 192)
    parts = [
        towards_zero(radius * part * pixels, 1 << 23) for part, pixels in ((cosine, across), (sine, down), (-sine, across), (cosine, down))
    ]
    return (x * width * 16, y * height * 16), (parts[0], parts[1]), (parts[2], parts[3])


def frame_of_units(units: tuple[int, ...], shape: tuple[int, int]) -> Frame:
    """Return the frame that six numbers in 1/8192 of the base's width and height say."""
    height, width = shape
    x, y = [one * width * 8 for one in units[::2]], [one * height * 8 for one in units[1::2]]
    return (x[0], y[0]), (x[1], y[1]), (x[2], y[2])


def units_of_frame(frame: Frame, shape: tuple[int, int]) -> tuple[int, ...]:
    """Return a frame as six numbers of 16 bits, each rounded to the nearest, halves away from zero."""
    height, width = shape
    units = []
    for vector in frame:
        for place, side in zip(vector, (width, height), strict=True):
            rounded = (abs(place) * 8192 + side * 32768) // (side * 65536)
            units.append(min(32767, rounded) * (-1 if place < 0 else 1))
    return tuple(units)


def hashes_of(levels: list[Whole], frame: Frame) -> tuple[bytes, bytes]:
    """Return the hash of what lies in a frame, and that of it turned over from top to bottom."""
    coefficients = _transform(patch_of(levels, frame))
    flipped = coefficients.copy()
    flipped[::2] *= -1
    return _hash(coefficients), _hash(flipped)


def patch_of(levels: list[Whole], frame: Frame) -> Whole:
    """32 x 32 samples in 1/8 luma, from the halving on which they are not closer than 3/4 pixel and not further than 3/2."""
    centre, along, across = frame
    square = abs((along[0] >> 8) * (across[1] >> 8) - (along[1] >> 8) * (across[0] >> 8)) // 256 // 256
    number = 0
    while square >= 576 and number + 1 < len(levels):
        number, square = number + 1, square // 4
        centre, along, across = ((towards_zero(x, 2), towards_zero(y, 2)) for x, y in (centre, along, across))
    places = []
    for axis in range(2):
        right, down = towards_zero(along[axis], 16), towards_zero(across[axis], 16)
        corner = centre[axis] - towards_zero(31 * (right + down), 2) - 32768
        places.append(corner + np.arange(SIDE)[None, :] * right + np.arange(SIDE)[:, None] * down)
    return _samples(levels[number], places[0], places[1])


def _samples(level: Whole, x: Whole, y: Whole) -> Whole:
    height, width = level.shape
    columns = [_reflected((x >> 16) + step, width) for step in range(2)]
    rows = [_reflected((y >> 16) + step, height) for step in range(2)]
    right, down = x >> 9 & 127, y >> 9 & 127
    top = level[rows[0], columns[0]] * (128 - right) + level[rows[0], columns[1]] * right
    bottom = level[rows[1], columns[0]] * (128 - right) + level[rows[1], columns[1]] * right
    return np.asarray((top * (128 - down) + bottom * down) >> 11)


def _reflected(places: Whole, length: int) -> Whole:
    within = places % (2 * length)
    return np.where(within < length, within, 2 * length - 1 - within)


def _transform(patch: Whole) -> Whole:
    """Return 16 x 16 coefficients, vertical frequency first."""
    signs = np.where(np.arange(KEPT) % 2 == 0, -1, 1)[:, None]
    half = np.array(tables.PATCH_COSINES)
    cosines = np.concatenate([half, (signs * half)[:, ::-1]], axis=1)
    sums = cosines @ patch
    halfway = np.sign(sums) * (np.abs(sums) >> 15)
    return np.asarray(halfway @ cosines.T)


def _hash(coefficients: Whole) -> bytes:
    """Bit 16 * vertical + horizontal frequency, the last first: whether a coefficient is above the 128th of 256."""
    flat = coefficients.ravel()
    return np.packbits(flat > np.sort(flat)[127], bitorder="little").tobytes()[::-1]
