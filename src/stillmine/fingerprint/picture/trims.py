# SPDX-License-Identifier: Apache-2.0
"""Finds the picture within a picture: inside plain borders, letterbox bars, a caption's strip, a phone's screen.

The kernel looks (kernel/src/trims.c, the same source in the browser); here what it found gets its names. What is found only adds ways to
ask; must never replace the picture as it is.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillmine.fingerprint.ground import _kernel

Luma = NDArray[np.uint8]

MINIMUM_PIXELS = _kernel.MIN_PART_PIXELS
"""That must be left, along both axes, of the decoded picture."""

TRIM_BORDER = "trim_border"
TRIM_LETTERBOX = "trim_letterbox"
TRIM_CAPTION = "trim_caption"
TRIM_SCREEN = "trim_screen"

_PLAIN, _WRITTEN = 1, 2
"""What the kernel says of a side: a plain bar, one with something on it."""
_TALL = 1.5
"""Height to width, from which on a picture may be a phone's screen."""


class Part(NamedTuple):
    """The picture found inside: bounds in pixels of the decoded picture (right and bottom excluded), and what was around it."""

    left: int
    top: int
    right: int
    bottom: int
    undone: tuple[str, ...]


def find_parts(luma: Luma) -> tuple[Part, ...]:
    """Return the pictures that may be inside (height, width) upright luma, none for most; at most four."""
    height, width = luma.shape
    is_tall = height >= width * _TALL
    found = _kernel.find_parts(np.ascontiguousarray(luma))
    return tuple(Part(left, top, right, bottom, _names(sides, is_tall=is_tall)) for left, top, right, bottom, sides in found)


def _names(sides: tuple[int, int, int, int], *, is_tall: bool) -> tuple[str, ...]:
    above, below, left, right = sides
    if above == below == _WRITTEN and is_tall:
        return (TRIM_SCREEN,)
    names = []
    if _WRITTEN in (above, below):
        names.append(TRIM_CAPTION)
    plain_sides = sides.count(_PLAIN)
    is_letterbox = plain_sides == 2 and (above == below == _PLAIN or left == right == _PLAIN)
    if plain_sides:
        names.append(TRIM_LETTERBOX if is_letterbox else TRIM_BORDER)
    return tuple(names)
