# SPDX-License-Identifier: Apache-2.0
"""Which regions a case is given, and its value, the slow and readable way; part of regions_reference.py."""

from math import isqrt

import numpy as np

from stillmine.fingerprint.picture.patch_reference import Whole, frame_of, halvings, patch_of, radius_of
from stillmine.fingerprint.picture.regions_reference import AREA, Region, find_regions
from stillmine.fingerprint.picture.trims import find_parts


def enrol_regions(base: Whole) -> list[Region]:
    """Return the regions that a case is given: those neither drawn nor repeated nor around the picture; at most 36, spread over it."""
    found = find_regions(base, AREA, 100, 255)
    levels, inner = halvings(base), _inner_part(base)
    kept = []
    for place, region in enumerate(found):
        repeats = [other for other in found if other is not region and _bits_apart(region, other) <= 48]
        is_repeated = any(_lies_apart(region, other, base.shape) for other in repeats)
        is_second = any(other.hash == region.hash or other.geometry == region.geometry for other in found[:place])
        if not is_repeated and not is_second and _is_within(region, inner, base.shape) and not is_drawn(levels, region):
            kept.append(region)
    return _spread(kept, [_is_within(region, _middle_of(inner), base.shape) for region in kept])


def value_of(shape: tuple[int, int], pdq: bytes, regions: list[Region]) -> bytes | None:
    """Return the value of spec/regions.md, None where there are fewer than six."""
    if len(regions) < 6:
        return None
    height, width = shape
    sides = ((isqrt((AREA * side << 16) // other) + 128) >> 8 for side, other in ((width, height), (height, width)))
    head = bytes([1, len(regions)]) + b"".join(side.to_bytes(2, "little") for side in sides)
    return head + pdq + b"".join(region.hash + region.geometry for region in regions)


def _spread(regions: list[Region], is_middle: list[bool]) -> list[Region]:
    """The best twelve of the middle, then the best up to three of each of 4 x 4 cells, then the best of all, in their order."""
    cells = [0] * 16
    taken: set[int] = set()
    for most_of_all, most_of_a_cell in ((12, None), (36, 3), (36, len(regions))):
        for place, region in enumerate(regions):
            x, y = _xy(region.geometry)
            cell = y * 4 // 4096 * 4 + x * 4 // 4096
            is_wanted = is_middle[place] if most_of_a_cell is None else cells[cell] < most_of_a_cell
            if place not in taken and len(taken) < most_of_all and is_wanted:
                taken.add(place)
                cells[cell] += 1
    return [regions[place] for place in sorted(taken)]


def _middle_of(part: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """Three fifths of each side: what a hard crop leaves."""
    left, top, right, bottom = part
    across, down = (right - left) // 5, (bottom - top) // 5
    return left + across, top + down, right - across, bottom - down


def _inner_part(base: Whole) -> tuple[int, int, int, int]:
    """The smallest picture that may be inside (vectors/trims.json holds the kernel to those): left, top, right, bottom."""
    parts = [(part.left, part.top, part.right, part.bottom) for part in find_parts(base.astype(np.uint8))]
    whole = (0, 0, base.shape[1], base.shape[0])
    return min([whole, *parts], key=lambda part: (part[2] - part[0]) * (part[3] - part[1]))


def _is_within(region: Region, part: tuple[int, int, int, int], shape: tuple[int, int]) -> bool:
    (x, y), _, _ = frame_of(region.geometry, shape, 100)
    radius = (radius_of(region.geometry[3]) >> 8) * (isqrt(shape[0] * shape[1] << 32) // 256) >> 8
    reach = radius - 15 * radius // 100
    left, top, right, bottom = (65536 * side for side in part)
    return x - reach >= left and x + reach <= right and y - reach >= top and y + reach <= bottom


def is_drawn(levels: list[Whole], region: Region) -> bool:
    """Return whether more than 45 per cent of a region is of one tone, within three steps; looked for in the base itself."""
    samples = patch_of(levels[:1], frame_of(region.geometry, levels[0].shape, 100)) >> 3
    counts = np.bincount(samples.ravel(), minlength=256)
    return bool(np.convolve(counts, np.ones(7, np.int64), "valid").max() > 460)


def _bits_apart(one: Region, other: Region) -> int:
    return (int.from_bytes(one.hash) ^ int.from_bytes(other.hash)).bit_count()


def _lies_apart(one: Region, other: Region, shape: tuple[int, int]) -> bool:
    """Whether by more than half the radius of the smaller; in 1/4096 pixel of the view."""
    height, width = shape
    view = isqrt(AREA * width // height), isqrt(AREA * height // width)
    apart = sum(((a - b) * side) ** 2 for a, b, side in zip(_xy(one.geometry), _xy(other.geometry), view, strict=True))
    return bool(apart > (radius_of(min(one.geometry[3], other.geometry[3])) // 32) ** 2)


def _xy(geometry: bytes) -> tuple[int, int]:
    return geometry[0] << 4 | geometry[1] >> 4, (geometry[1] & 15) << 8 | geometry[2]
