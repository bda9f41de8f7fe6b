# SPDX-License-Identifier: Apache-2.0
"""Black bars around the pictures of a video that are there the whole time, and the fingerprint without them.

Letterboxed copies of one scene have bars of different heights. A row or column belongs to a bar only if it is black in every
picture that has detail. That is known at the end only, so pictures are fingerprinted within what is known so far, a few are
kept, and `is_settled` says whether the video has to be read a second time. The kernel decides (kernel/src/bars.c, the same source in
the browser). Must never trim what was ever visible.
"""

from typing import NamedTuple

from stillmine.fingerprint.ground import _kernel
from stillmine.fingerprint.moving.transparency import Rgb


class Bounds(NamedTuple):
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
        return _kernel.are_close_bounds(self, other, width, height)


class BarFinder:
    """Learns the bounds of the visible part from one picture after another, all of one size."""

    def __init__(self, width: int, height: int) -> None:
        self._brightest_of_rows = bytearray(height)
        self._brightest_of_columns = bytearray(width)

    def learn(self, rgb: Rgb) -> None:
        """Take in a picture that has detail."""
        _kernel.learn_bars(rgb, self._brightest_of_rows, self._brightest_of_columns)

    def bounds(self) -> Bounds:
        """Return what to look at; all of it where nothing was learned."""
        return Bounds(*_kernel.find_bars(self._brightest_of_rows, self._brightest_of_columns))
