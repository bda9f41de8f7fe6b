# SPDX-License-Identifier: Apache-2.0
"""Black bars around the pictures of a video that are there the whole time, and the fingerprint without them.

Letterboxed copies of one scene have bars of different heights. A row or column belongs to a bar only if it is black in every
picture that has detail. That is known at the end only, so pictures are fingerprinted within what is known so far, a few are
kept, and `is_settled` says whether the video has to be read a second time. Must never trim what was ever visible.
"""

import math
from dataclasses import dataclass

import numpy as np

from stillmine.fingerprint.moving.transparency import Rgb

MAX_BLACK = 24
"""Of 255: compression leaves black this bright."""
MAX_DARK = 96
"""The inner edge of a bar is this bright where the picture was made smaller or compressed hard."""
MAXIMUM_EDGE = 1 / 64
"""Of a side: how wide such an edge may be."""
MINIMUM_BAR = 1 / 50
MAXIMUM_TRIMMED = 0.6
"""Of a side. More is a dark scene, not a bar."""
TOLERATED = 1 / 200
"""Of a side: bounds this close give nearly the same bits."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The part of a picture that is looked at, in pixels; right and bottom are not part of it."""

    left: int
    top: int
    right: int
    bottom: int

    def of(self, rgb: Rgb) -> Rgb:
        """Return the part, as a view."""
        return rgb[self.top : self.bottom, self.left : self.right]

    def is_close_to(self, other: "Bounds", width: int, height: int) -> bool:
        """Whether fingerprints within both are as good as the same."""
        across = max(abs(self.left - other.left), abs(self.right - other.right))
        down = max(abs(self.top - other.top), abs(self.bottom - other.bottom))
        return across <= TOLERATED * width and down <= TOLERATED * height


class BarFinder:
    """Learns the bounds of the visible part from one picture after another, all of one size."""

    def __init__(self) -> None:
        self._brightest_of_row: Rgb | None = None
        self._brightest_of_column: Rgb | None = None

    def learn(self, rgb: Rgb) -> None:
        """Take in a picture that has detail."""
        rows = rgb.reshape(rgb.shape[0], -1).max(axis=1)
        columns = rgb.max(axis=0).max(axis=1)
        if self._brightest_of_row is None or self._brightest_of_column is None or self._brightest_of_row.shape != rows.shape:
            self._brightest_of_row, self._brightest_of_column = rows, columns
            return
        self._brightest_of_row = np.maximum(self._brightest_of_row, rows)
        self._brightest_of_column = np.maximum(self._brightest_of_column, columns)

    def bounds(self, width: int, height: int) -> Bounds:
        """Return what to look at in pictures of a size; all of it where nothing was learned."""
        left, right = _visible(self._brightest_of_column, width)
        top, bottom = _visible(self._brightest_of_row, height)
        return Bounds(left, top, right, bottom)


def _visible(brightest: Rgb | None, length: int) -> tuple[int, int]:
    if brightest is None or brightest.shape != (length,):
        return 0, length
    visible = np.flatnonzero(brightest > MAX_BLACK)
    if not visible.size:
        return 0, length
    first, end = int(visible[0]), int(visible[-1]) + 1
    if length - (end - first) > MAXIMUM_TRIMMED * length:
        return 0, length
    edge = math.ceil(MAXIMUM_EDGE * length)
    start = first + _dark_edge(brightest[first : first + edge]) if first >= MINIMUM_BAR * length else 0
    stop = end - _dark_edge(brightest[max(0, end - edge) : end][::-1]) if length - end >= MINIMUM_BAR * length else length
    return start, stop


def _dark_edge(brightest: Rgb) -> int:
    """How many of these, from a bar inwards, are dark without a break."""
    bright = np.flatnonzero(brightest > MAX_DARK)
    return int(bright[0]) if bright.size else len(brightest)
