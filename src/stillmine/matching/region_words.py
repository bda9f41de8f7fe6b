# SPDX-License-Identifier: Apache-2.0
"""What was done to a stored picture, in data that messages are made of: which part is seen, turned, mirrored, stretched, how large.

It describes the map, not the pictures; words for people stand with the messages of those who show them. Contract: spec/matching.md.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from stillmine.matching.region_frames import Floats, Map, jacobians, points_through

WHOLE_SHARE = 0.97
"""From this on the whole stored picture is said to be seen."""
_SIDE = 0.08
"""How far the middle of what is seen may lie beside the middle of the picture, as a part of its side, and still be called the middle."""


class Where(StrEnum):
    """Which part of the stored picture is seen, as that picture stands."""

    ALL = "all"
    MIDDLE = "middle"
    LEFT = "left"
    RIGHT = "right"
    TOP = "top"
    BOTTOM = "bottom"
    TOP_LEFT = "top_left"
    TOP_RIGHT = "top_right"
    BOTTOM_LEFT = "bottom_left"
    BOTTOM_RIGHT = "bottom_right"


@dataclass(frozen=True, slots=True)
class Transform:
    """What was done: in this order mirrored (left and right exchanged), stretched, turned clockwise; parts of areas from 0 to 1."""

    share: float
    """Of the stored picture's area that is seen in the query."""
    where: Where
    share_of_query: float
    """Of the query's area that this takes."""
    turned_degrees: int
    """-179 to 180, clockwise."""
    is_mirrored: bool
    stretched_percent: int
    """By how much the one direction was enlarged more than the other, 0 for not at all."""


def describe(map_: Map, stored_size: tuple[float, float], query_size: tuple[float, float]) -> Transform:
    """Return what a map does to a stored picture; sizes are (width, height) at an area of 256 x 256 pixels."""
    width, height = stored_size
    seen = seen_part(map_, stored_size, query_size)
    share = min(1.0, _area(seen) / (width * height))
    around = np.array([[width / 2, height / 2]]) if share == 0 else seen.mean(axis=0)[None]
    acts = jacobians(map_, around)[0]
    is_mirrored = bool(acts[0, 0] * acts[1, 1] - acts[0, 1] * acts[1, 0] < 0)
    upright = acts * np.array([-1.0, 1.0]) if is_mirrored else acts
    along, turning = upright[0, 0] + upright[1, 1], upright[1, 0] - upright[0, 1]
    plain, uneven = math.hypot(along, turning), math.hypot(upright[0, 0] - upright[1, 1], upright[1, 0] + upright[0, 1])
    stretch = (plain + uneven) / max(plain - uneven, 1e-6 * plain)
    taken = _area(points_through(map_, seen)) / (query_size[0] * query_size[1]) if share else 0.0
    degrees = round(math.degrees(math.atan2(turning, along)))
    return Transform(
        share=share,
        where=_where(seen, share, width, height),
        share_of_query=min(1.0, taken),
        turned_degrees=180 if degrees == -180 else degrees,
        is_mirrored=is_mirrored,
        stretched_percent=min(999, round(100 * (stretch - 1))),
    )


def seen_part(map_: Map, stored_size: tuple[float, float], query_size: tuple[float, float]) -> Floats:
    """Return the corners (n, 2) of the part of the stored picture that the query shows; none if it shows no part."""
    width, height = stored_size
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)])
    edges = ((1.0, 0.0, 0.0), (-1.0, 0.0, query_size[0]), (0.0, 1.0, 0.0), (0.0, -1.0, query_size[1]), (0.0, 0.0, 1.0))
    for edge in edges:
        # a x + b y + c >= 0 in the query is a line of the stored picture too: the map's rows, multiplied out
        a, b, c = np.array(edge) @ map_ if edge[2] != 1.0 else map_[2] - np.array([0, 0, 0.05])
        corners = _clipped(corners, a, b, c)
    return corners


def _clipped(corners: Floats, a: float, b: float, c: float) -> Floats:
    """Return the part of a convex polygon (n, 2) where a x + b y + c >= 0."""
    kept: list[Floats] = []
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        first, second = (float(a * point[0] + b * point[1] + c) for point in (start, end))
        if first >= 0:
            kept.append(start)
        if (first >= 0) != (second >= 0):
            kept.append(start + (end - start) * (first / (first - second)))
    return np.array(kept).reshape(-1, 2)


def _area(corners: Floats) -> float:
    x, y = corners[:, 0], corners[:, 1]
    return abs(float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())) / 2


def _where(seen: Floats, share: float, width: float, height: float) -> Where:
    if share >= WHOLE_SHARE or not len(seen):
        return Where.ALL if share else Where.MIDDLE
    across, down = ((seen.min(axis=0) + seen.max(axis=0)) / 2 / np.array([width, height]) - 0.5).tolist()
    side = "" if abs(across) <= _SIDE else ("left" if across < 0 else "right")
    level = "" if abs(down) <= _SIDE else ("top" if down < 0 else "bottom")
    return Where("_".join(filter(None, (level, side))) or "middle")
