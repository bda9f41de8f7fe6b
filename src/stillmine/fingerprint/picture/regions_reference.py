# SPDX-License-Identifier: Apache-2.0
"""Regions the slow and readable way, in whole numbers, to check the kernel against; spec/matching.md says the same in words.

Follows the published ideas (Lowe, "Distinctive Image Features from Scale-Invariant Keypoints", 2004, for where regions are; PDQ for what
they look like), with the roundings that make every implementation give the same bytes. Shares no code with the kernel, only its tables.
Must never be used for anything but checking: it is a thousand times slower.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import isqrt

import numpy as np
from numpy.typing import NDArray

from stillmine.fingerprint.picture import regions_tables as tables
from stillmine.fingerprint.picture.patch_reference import frame_of, halvings, hashes_of, radius_of, towards_zero

Whole = NDArray[np.int64]
BASE_AREA = 512 * 512
AREA = 256 * 256
BORDER = 5
LEAST_CONTRAST = 82
SMALLEST_RADIUS_BYTES = {AREA: 36, 4 * AREA: 48}
"""Of the view: 10 pixels of the small one, 12 of the large one."""
EDGE = 12
REACH = 224
"""Radius in which slopes are looked at, of 256ths of the region's."""
KEPT_EXTREMA = 1024


@dataclass(frozen=True, slots=True)
class Region:
    """`geometry` is five bytes; hashes are 32."""

    geometry: bytes
    hash: bytes
    mirrored: bytes
    strength: int


@dataclass(frozen=True, slots=True)
class Extremum:
    """Places and radius in 1/256 pixel of the view."""

    rank: int
    number: int
    x: int
    y: int
    radius: int
    radius_byte: int
    contrast: int
    column: int
    row: int
    scale: int
    octave: int


def base_of(luma_sums: Whole) -> Whole:
    """Return the base of a picture of 1000 * luma, shape (height, width): the mean of what each of its pixels covers, rounded."""
    height, width = luma_sums.shape
    if width * height > BASE_AREA:
        new_width, new_height = isqrt(BASE_AREA * width // height), isqrt(BASE_AREA * height // width)
        luma_sums = _shares(height, new_height) @ luma_sums @ _shares(width, new_width).T
        whole = 1000 * width * height
        return np.asarray((luma_sums + whole // 2) // whole)
    return (luma_sums + 500) // 1000


def _shares(length: int, places: int) -> Whole:
    """How much of each of `length` pixels each of `places` covers, a pixel being `places` parts; shape (places, length)."""
    starts, ends = np.arange(length) * places, (np.arange(length) + 1) * places
    first, last = np.arange(places)[:, None] * length, (np.arange(places)[:, None] + 1) * length
    return np.asarray(np.maximum(0, np.minimum(ends, last) - np.maximum(starts, first)))


def to_luma_sums(picture: NDArray[np.uint8]) -> Whole:
    """Return 1000 * luma of (height, width[, 3 or 4]); alpha is laid on white, each colour rounded."""
    if picture.ndim == 2:
        return 1000 * picture.astype(np.int64)
    colours = picture[..., :3].astype(np.int64)
    if picture.shape[2] == 4:
        alpha = picture[..., 3:].astype(np.int64)
        colours = (colours * alpha + 255 * (255 - alpha) + 127) // 255
    return np.asarray(colours @ np.array([299, 587, 114]))


def view_of(base: Whole, area: int, stretch: int) -> Whole:
    """Return the base at `area` pixels, x stretched to `stretch` per cent: tones in 1/128."""
    height, width = base.shape
    new_width = isqrt(area * width * stretch // (100 * height))
    new_height = isqrt(area * height * 100 // (width * stretch))
    down, across = _weights(new_height, height), _weights(new_width, width)
    luma = (down @ base @ across.T) >> 21
    tones = np.array(tables.TONES)
    return np.asarray(tones[luma >> 7] + (((tones[(luma >> 7) + 1] - tones[luma >> 7]) * (luma & 127)) >> 7))


def _weights(places: int, length: int) -> Whole:
    """Triangular weights in 1/16384, shape (places, length); what rounding leaves goes to the first of the largest."""
    reach = 2 * max(length, places)
    apart = np.abs((2 * np.arange(length) + 1) * places - (2 * np.arange(places)[:, None] + 1) * length)
    raw = np.maximum(0, reach - apart)
    weights = raw * 16384 // raw.sum(axis=1, keepdims=True)
    weights[np.arange(places), raw.argmax(axis=1)] += 16384 - weights.sum(axis=1)
    return np.asarray(weights)


def blur(picture: Whole, weights: list[int]) -> Whole:
    """Return the picture blurred down and across by weights in 1/65536 from the middle outwards, each product rounded down."""
    for axis in range(2):
        reach = len(weights) - 1
        padding = [(0, 0), (0, 0)]
        padding[axis] = (reach, reach)
        padded = np.pad(picture, padding, mode="edge")
        length = picture.shape[axis]
        shifted = [np.take(padded, range(place, place + length), axis) for place in range(2 * reach + 1)]
        picture = (reach + 1) // 2 + (shifted[reach] * weights[0] >> 16)
        for place in range(1, reach + 1):
            picture = picture + ((shifted[reach - place] + shifted[reach + place]) * weights[place] >> 16)
    return picture


def octaves_of(view: Whole) -> list[list[Whole]]:
    """Return the scales of each octave, from fine to coarse."""
    octaves: list[list[Whole]] = []
    first = view
    while len(octaves) < 8 and min(first.shape) >= 16:
        scales = [blur(view, tables.BLURS[0]) if not octaves else first]
        for weights in tables.BLURS[1:]:
            scales.append(blur(scales[-1], weights))
        octaves.append(scales)
        height, width = first.shape
        first = scales[tables.LAYERS][: height // 2 * 2 : 2, : width // 2 * 2 : 2]
    return octaves


def extrema_of(octaves: list[list[Whole]], view_shape: tuple[int, int], smallest: int) -> list[Extremum]:
    """Return what counts and has a radius byte of `smallest` or more, best first; of more than KEPT_EXTREMA the best."""
    found: list[Extremum] = []
    for number, scales in enumerate(octaves):
        differences = np.array([coarse - fine for fine, coarse in pairwise(scales)])
        for row, scale, column in _candidates(differences):
            settled = _settle(differences, column, row, scale)
            if settled and (extremum := _extremum(settled, number, len(found), view_shape)) and extremum.radius_byte >= smallest:
                found.append(extremum)
    return sorted(found, key=lambda one: (-one.rank, one.number))[:KEPT_EXTREMA]


def _candidates(differences: Whole) -> Iterator[tuple[int, int, int]]:
    """Places that no neighbour of 26 exceeds, row by row, in each row scale by scale."""
    _, height, width = differences.shape
    if min(height, width) <= 2 * BORDER:
        return
    inner = differences[1:-1, 1:-1, 1:-1]
    least = LEAST_CONTRAST // 2
    marks = (inner >= np.maximum(_largest_around(differences), least)) | (-inner >= np.maximum(_largest_around(-differences), least))
    marks = marks[:, BORDER - 1 : height - BORDER - 1, BORDER - 1 : width - BORDER - 1]
    for row, scale, column in np.argwhere(marks.transpose(1, 0, 2)):
        yield int(row) + BORDER, int(scale) + 1, int(column) + BORDER


def _largest_around(values: Whole) -> Whole:
    """Return the largest of 27 values around each that has so many."""
    for axis in range(3):
        length = values.shape[axis] - 2
        values = np.maximum.reduce([values.take(range(place, place + length), axis) for place in range(3)])
    return values


def _settle(differences: Whole, column: int, row: int, scale: int) -> tuple[list[int], list[int], int] | None:
    """Follow the parabola to the extremum: its column, row and scale, how far it is from there in 1/256, and its contrast; or None."""
    _, height, width = differences.shape
    for _ in range(5):
        cube = differences[scale - 1 : scale + 2, row - 1 : row + 2, column - 1 : column + 2]
        top = _top_of(cube.tolist())
        if top is None:
            return None
        off, contrast, is_edge = top
        steps = [(one > 128) - (one < -128) for one in off]
        if not any(steps):
            return None if is_edge or abs(contrast) < LEAST_CONTRAST else ([column, row, scale], off, abs(contrast))
        column, row, scale = column + steps[0], row + steps[1], scale + steps[2]
        if not (1 <= scale <= tables.LAYERS and BORDER <= column < width - BORDER and BORDER <= row < height - BORDER):
            return None
    return None


def _extremum(settled: tuple[list[int], list[int], int], octave: int, number: int, view_shape: tuple[int, int]) -> Extremum | None:
    """Return it in the view, or None where its region is too small or not inside."""
    (column, row, scale), (right, down, up), contrast = settled
    x = (column * 256 + right) * 2**octave + 128
    y = (row * 256 + down) * 2**octave + 128
    radius_byte = (tables.FIRST_RADIUS + 256 * (48 * octave + 12 * scale) + 12 * up + 128) // 256
    if not 0 <= radius_byte <= 255:
        return None
    radius = radius_of(radius_byte) // 256
    reach = radius - 15 * radius // 100
    if not all(place - reach > 0 and place + reach < 256 * side for place, side in zip((y, x), view_shape, strict=True)):
        return None
    return Extremum(contrast**2 * radius**2, number, x, y, radius, radius_byte, contrast, column, row, scale, octave)


def _top_of(cube: list[list[list[int]]]) -> tuple[list[int], int, bool] | None:
    """Return how far off the top is along column, row and scale, in 1/256, how high it is, and whether it lies on an edge."""
    middle = cube[1][1][1]
    slope = [2 * (cube[1][1][2] - cube[1][1][0]), 2 * (cube[1][2][1] - cube[1][0][1]), 2 * (cube[2][1][1] - cube[0][1][1])]
    xx = 4 * (cube[1][1][2] + cube[1][1][0] - 2 * middle)
    yy = 4 * (cube[1][2][1] + cube[1][0][1] - 2 * middle)
    ss = 4 * (cube[2][1][1] + cube[0][1][1] - 2 * middle)
    xy = cube[1][2][2] - cube[1][2][0] - cube[1][0][2] + cube[1][0][0]
    xs = cube[2][1][2] - cube[2][1][0] - cube[0][1][2] + cube[0][1][0]
    ys = cube[2][2][1] - cube[2][0][1] - cube[0][2][1] + cube[0][0][1]
    adjoint = [
        [yy * ss - ys * ys, xs * ys - xy * ss, xy * ys - xs * yy],
        [xs * ys - xy * ss, xx * ss - xs * xs, xy * xs - xx * ys],
        [xy * ys - xs * yy, xy * xs - xx * ys, xx * yy - xy * xy],
    ]
    determinant = xx * adjoint[0][0] + xy * adjoint[1][0] + xs * adjoint[2][0]
    sums = [sum(a * b for a, b in zip(row, slope, strict=True)) for row in adjoint]
    if determinant == 0 or any(abs(value) > 4 * abs(determinant) for value in sums):
        return None
    off = [-towards_zero(256 * value, determinant) for value in sums]
    height = middle + towards_zero(sum(a * b for a, b in zip(slope, off, strict=True)), 2048)
    area = xx * yy - xy * xy
    return off, height, area <= 0 or (xx + yy) ** 2 * EDGE >= (EDGE + 1) ** 2 * area


def angles_of(scales: list[Whole], extremum: Extremum) -> list[int]:
    """Return the directions (of 256 a turn) in which the picture rises most around an extremum, strongest first."""
    bins = _smoothed(_histogram(scales[extremum.scale], extremum))
    highest = max(bins)
    peaks = [
        place
        for place in range(32)
        if bins[place] > bins[(place + 1) % 32] and bins[place] >= bins[place - 1] and bins[place] // 100 >= highest // 10000 * 80
    ]
    distinct = {bins[place]: place for place in sorted(peaks, reverse=True)}
    return [_sharpened(bins, distinct[value]) for value in sorted(distinct, reverse=True)[:8]]


def _histogram(picture: Whole, extremum: Extremum) -> list[int]:
    """Slopes by direction in 32 bins, each shared by the two that it lies between; nearer ones weigh more."""
    height, width = picture.shape
    reach = (extremum.radius * REACH // 256) >> extremum.octave
    limit = (reach // 16) ** 2
    bins = [0] * 32
    for down in range(-(reach // 256), reach // 256 + 1):
        for right in range(-(reach // 256), reach // 256 + 1):
            row, column = extremum.row + down, extremum.column + right
            rest = limit - 256 * (down * down + right * right)
            if rest <= 0 or not (0 < row < height - 1 and 0 < column < width - 1):
                continue
            rise = int(picture[row, column + 1] - picture[row, column - 1]), int(picture[row + 1, column] - picture[row - 1, column])
            angle, length = _direction(*rise)
            worth = (rest >> 8) ** 2 * length
            bins[angle // 32] += worth * (32 - angle % 32)
            bins[(angle // 32 + 1) % 32] += worth * (angle % 32)
    return bins


def _direction(right: int, down: int) -> tuple[int, int]:
    """Angle (of 1024 a turn) and length of a slope."""
    least, most = sorted((abs(right), abs(down)))
    slope = 256 * least // most if most else 0
    angle = tables.ANGLES[slope]
    angle = 256 - angle if abs(down) > abs(right) else angle
    angle = 512 - angle if right < 0 else angle
    return (1024 - angle if down < 0 else angle) % 1024, most * tables.SECANTS[slope] >> 15


def _smoothed(bins: list[int]) -> list[int]:
    return [
        (6 * bins[place] + 4 * (bins[(place + 1) % 32] + bins[place - 1]) + bins[(place + 2) % 32] + bins[place - 2]) // 16
        for place in range(32)
    ]


def _sharpened(bins: list[int], place: int) -> int:
    before, peak, after = (bins[(place + step) % 32] // 64 for step in (-1, 0, 1))
    curve = 2 * peak - before - after
    off = (8 * (after - before) + 17 * curve) // (2 * curve) - 8 if curve > 0 else 0
    return (8 * place + off) % 256


def find_regions(base: Whole, area: int, stretch: int, count: int) -> list[Region]:
    """Return at most `count` regions of a view of the base, best first."""
    view = view_of(base, area, stretch)
    octaves, levels = octaves_of(view), halvings(base)
    kept: list[tuple[Extremum, int]] = []
    for extremum in extrema_of(octaves, view.shape, SMALLEST_RADIUS_BYTES[area]):
        for angle in angles_of(octaves[extremum.octave], extremum):
            if len(kept) < count and not any(_is_same(extremum, angle, *other) for other in kept):
                kept.append((extremum, angle))
        if len(kept) == count:
            break
    regions = []
    for extremum, angle in kept:
        geometry = _geometry(extremum, angle, view.shape, 48 if area > AREA else 0)
        straight, mirrored = hashes_of(levels, frame_of(geometry, base.shape, stretch))
        regions.append(Region(geometry, straight, mirrored, extremum.contrast))
    return regions


def _geometry(extremum: Extremum, angle: int, shape: tuple[int, int], octave: int) -> bytes:
    x, y = (
        min(4095, max(0, (place * 4096 + side * 128) // (side * 256))) for place, side in ((extremum.x, shape[1]), (extremum.y, shape[0]))
    )
    return bytes([x >> 4, (x & 15) << 4 | y >> 8, y & 255, extremum.radius_byte - octave, angle])


def _is_same(one: Extremum, angle: int, other: Extremum, other_angle: int) -> bool:
    apart = (one.x - other.x) ** 2 + (one.y - other.y) ** 2
    turn = (angle - other_angle + 128) % 256 - 128
    is_near = apart < (min(one.radius, other.radius) // 4) ** 2
    return is_near and abs(one.radius_byte - other.radius_byte) <= 15 and abs(turn) <= 14
