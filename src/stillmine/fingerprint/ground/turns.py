# SPDX-License-Identifier: Apache-2.0
"""The eight ways to turn and mirror a picture, by name, and what two of them make together.

A turn is the order in which the corners of the picture are found afterwards. Must stay in the kernel's order: hashes come without
names.
"""

from typing import TypeVar

_Item = TypeVar("_Item")

_CORNERS = {
    "original": (0, 1, 2, 3),
    "rotate90": (1, 2, 3, 0),
    "rotate180": (2, 3, 0, 1),
    "rotate270": (3, 0, 1, 2),
    "flip_horizontal": (1, 0, 3, 2),
    "flip_vertical": (3, 2, 1, 0),
    "transpose": (0, 3, 2, 1),
    "transverse": (2, 1, 0, 3),
}
"""Which corner of the picture as it is (top left, top right, bottom right, bottom left) comes to lie in each place."""

VARIANTS = tuple(_CORNERS)
"""What was done to the picture that is asked about, in the order of `ImageFingerprint.variants`; turns are counter-clockwise."""

UPRIGHT_BY_ORIENTATION = {
    1: "original",
    2: "flip_horizontal",
    3: "rotate180",
    4: "flip_vertical",
    5: "transpose",
    6: "rotate270",
    7: "transverse",
    8: "rotate90",
}
"""The turn that makes a picture upright, by its EXIF orientation."""

_NAMES: dict[tuple[int, ...], str] = {corners: name for name, corners in _CORNERS.items()}


def turn_after(first: str, second: str) -> str:
    """Return the one turn that does the same as two, one after the other."""
    return _NAMES[tuple(_CORNERS[first][corner] for corner in _CORNERS[second])]


def exchanges_sides(turn: str) -> bool:
    """Return whether width becomes height."""
    return turn in {"rotate90", "rotate270", "transpose", "transverse"}


def variants_after(turn: str, variants: tuple[_Item, ...]) -> tuple[_Item, ...]:
    """Return the eight items of a picture that was turned, from the eight of the picture as it was."""
    return tuple(variants[VARIANTS.index(turn_after(turn, name))] for name in VARIANTS)
