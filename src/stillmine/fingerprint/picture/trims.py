# SPDX-License-Identifier: Apache-2.0
"""Finds the picture within a picture: inside plain borders, letterbox bars, a caption's strip, a phone's screen.

Copies circulate with such things around them, and then the hash of the whole says little. Bars are looked for from the edges
inwards, line by line, in luma: a bar has one ground, with little else on it, and ends in a step. Most pictures have none, and then four
looks at their edges are all it costs. What is found only adds ways to ask; must never replace the picture as it is.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.uint8]

TOLERANCE = 6
"""Luma steps: a drawn ground stays this even when it is compressed, a photographed one hardly ever."""
WRITTEN_SHARE = 0.4
"""Of a line's pixels that are ground, where words or signs stand on it."""
PLAIN_SHARE = 0.95
"""Of a line's pixels that are ground, where nothing stands on it."""
MINIMUM_BAR = 0.015
"""Of a side: what a thinner bar does to the hash is less than what trimming it could spoil."""
MINIMUM_PART = 0.2
"""Of a side, that must be left."""
MINIMUM_PIXELS = 64
"""That must be left, along both axes, of the decoded picture."""
MINIMUM_STEP = 7.0
"""Mean luma difference between the last line of a bar and the first of the picture."""
RINGING = 10
"""Lines: compression blurs the end of a bar by up to a block."""
INSIDE = 50
"""Part of the lines after a bar that must not look like it: else it was only the top of a word."""
INSIDE_SHARE = 0.5
SAMPLES = 256
"""Pixels looked at per line."""
BLACK = -1.0
"""A ground of which every pixel up to 5 is."""
LINES_AT_ONCE = 16
"""Doubled as long as the ground stays: a picture of one ground must not cost more than one with bars."""
ROUNDS = 4
"""A bar within a bar: a letterboxed film on a phone's screen with a caption above."""

TRIM_BORDER = "trim_border"
TRIM_LETTERBOX = "trim_letterbox"
TRIM_CAPTION = "trim_caption"
TRIM_SCREEN = "trim_screen"
TRIMS = (TRIM_BORDER, TRIM_LETTERBOX, TRIM_CAPTION, TRIM_SCREEN)
"""What can be undone, by name."""


class Part(NamedTuple):
    """The picture found inside: bounds in pixels of the decoded picture (right and bottom excluded), and what was around it."""

    left: int
    top: int
    right: int
    bottom: int
    undone: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Bounds:
    """What is left of the picture, and what was found at each side: 0 nothing, 1 a plain bar, 2 one with something on it."""

    left: int
    top: int
    right: int
    bottom: int
    found: tuple[int, int, int, int] = (0, 0, 0, 0)

    def of(self, luma: Luma) -> Luma:
        return luma[self.top : self.bottom, self.left : self.right]


class _Bar(NamedTuple):
    lines: int
    is_plain: bool


def find_parts(luma: Luma) -> tuple[Part, ...]:
    """Return the pictures that may be inside (height, width) upright luma, none for most; at most four."""
    plain = _trim(luma, _whole(luma), may_be_written=False)
    inner = _trim(luma, _whole(luma), may_be_written=True)
    top, bottom = inner.found[0] == 2, inner.found[1] == 2
    candidates = [inner]
    if top and bottom:
        # One of the two may be the picture's own even ground.
        candidates += [
            replace(inner, top=plain.top, found=_without(inner, 0)),
            replace(inner, bottom=plain.bottom, found=_without(inner, 1)),
        ]
    candidates.append(plain)
    parts = {(bounds.left, bounds.top, bounds.right, bounds.bottom): bounds for bounds in reversed(candidates) if any(bounds.found)}
    return tuple(Part(*place, _name(bounds, luma)) for place, bounds in reversed(parts.items()))


def _whole(luma: Luma) -> _Bounds:
    return _Bounds(0, 0, luma.shape[1], luma.shape[0])


def _without(bounds: _Bounds, side: int) -> tuple[int, int, int, int]:
    top, bottom, left, right = (0 if place == side else kind for place, kind in enumerate(bounds.found))
    return top, bottom, left, right


def _name(bounds: _Bounds, luma: Luma) -> tuple[str, ...]:
    top, bottom, left, right = bounds.found
    is_tall = luma.shape[0] >= luma.shape[1] * 1.5
    if top == bottom == 2 and is_tall:
        return (TRIM_SCREEN,)
    names = []
    if top == 2 or bottom == 2:
        names.append(TRIM_CAPTION)
    plain_sides = sum(kind == 1 for kind in bounds.found)
    is_letterbox = plain_sides == 2 and (top == bottom == 1 or left == right == 1)
    if plain_sides:
        names.append(TRIM_LETTERBOX if is_letterbox else TRIM_BORDER)
    return tuple(names)


def _trim(luma: Luma, bounds: _Bounds, *, may_be_written: bool) -> _Bounds:
    """Take bars off all four sides until none is found; words are allowed above and below only."""
    for _ in range(ROUNDS):
        rows_trimmed = _trim_rows(luma, bounds, may_be_written=may_be_written)
        before, bounds = rows_trimmed, _trim_columns(luma, rows_trimmed)
        if bounds == before:
            break  # with the same columns a second look at the rows would only eat into the picture
    return bounds


def _trim_rows(luma: Luma, bounds: _Bounds, *, may_be_written: bool) -> _Bounds:
    view = bounds.of(luma)
    smallest = max(MINIMUM_PIXELS, int(MINIMUM_PART * luma.shape[0]))
    above = _find_bar(view, smallest, may_be_written=may_be_written)
    below = _find_bar(view[::-1], smallest, may_be_written=may_be_written)
    if view.shape[0] - above.lines - below.lines < smallest:
        return bounds
    top, bottom, left, right = bounds.found
    found = (_kind(above, top), _kind(below, bottom), left, right)
    return replace(bounds, top=bounds.top + above.lines, bottom=bounds.bottom - below.lines, found=found)


def _trim_columns(luma: Luma, bounds: _Bounds) -> _Bounds:
    view = bounds.of(luma).T
    smallest = max(MINIMUM_PIXELS, int(MINIMUM_PART * luma.shape[1]))
    before = _find_bar(view, smallest, may_be_written=False)
    after = _find_bar(view[::-1], smallest, may_be_written=False)
    if view.shape[0] - before.lines - after.lines < smallest:
        return bounds
    top, bottom, left, right = bounds.found
    found = (top, bottom, _kind(before, left), _kind(after, right))
    return replace(bounds, left=bounds.left + before.lines, right=bounds.right - after.lines, found=found)


def _kind(bar: _Bar, known: int) -> int:
    return known if bar.lines == 0 else max(known, 1 if bar.is_plain else 2)


def _find_bar(lines: Luma, smallest: int, *, may_be_written: bool) -> _Bar:
    """The bar at the first line, if there is one that leaves at least `smallest` lines: of the places where one may end, the sharpest."""
    step = max(1, lines.shape[1] // SAMPLES)
    sampled = lines[:, ::step].astype(np.int16)
    inside = max(3, lines.shape[0] // INSIDE)
    best, best_height = _Bar(0, is_plain=True), MINIMUM_STEP
    for near, is_plain in _walk(sampled, WRITTEN_SHARE if may_be_written else PLAIN_SHARE):
        if near < max(3, MINIMUM_BAR * lines.shape[0]) or lines.shape[0] - near < smallest:
            continue
        ground = np.median(sampled[near - 1])
        end, height = _find_step(sampled, near)
        is_over = (np.abs(sampled[end : end + inside] - ground) <= TOLERANCE).mean() < INSIDE_SHARE
        if is_over and height >= best_height:
            best, best_height = _Bar(end, is_plain), height
    return best


def _walk(lines: NDArray[np.int16], least_share: float) -> list[tuple[int, bool]]:
    """Where a bar at the first line may end, and whether it is plain up to there.

    That is at every change of its ground, and where there is no ground any more.
    """
    ground, share = _first_ground(lines[:1], least_share)
    if share < least_share:
        return []  # as of most photographs
    ends: list[tuple[int, bool]] = []
    least = [1.0, share]  # of the shares of so many lines from the first
    number, ahead = 1, LINES_AT_ONCE
    while number < len(lines):
        shares = _shares(lines[number : number + ahead], ground)
        below = np.flatnonzero(shares < least_share)
        least += np.minimum.accumulate([least[-1], *shares[: below[0] if below.size else None]])[1:].tolist()
        if not below.size:
            number, ahead = number + len(shares), ahead * 2
            continue
        number += int(below[0])
        ends.append((number, least[max(0, number - RINGING)] >= PLAIN_SHARE))
        ground = float(np.median(lines[number]))
        share = float(_shares(lines[number : number + 1], ground)[0])
        if share < PLAIN_SHARE:
            break
        least.append(min(least[-1], share))
        number, ahead = number + 1, LINES_AT_ONCE
    return ends


def _first_ground(line: NDArray[np.int16], least_share: float) -> tuple[float, float]:
    """The ground of the first line and its share: black also where there are signs on it, any other only where it is plain."""
    share = float(_shares(line, BLACK)[0])
    if share >= least_share:
        return BLACK, share
    ground = float(np.median(line))
    share = float(_shares(line, ground)[0])
    return (ground, share) if share >= PLAIN_SHARE else (ground, 0.0)


def _shares(lines: NDArray[np.int16], ground: float) -> NDArray[np.float64]:
    """Of each line's pixels, how many are of this ground."""
    return np.asarray((np.abs(lines - ground) <= TOLERANCE).mean(axis=1), dtype=np.float64)


def _find_step(lines: NDArray[np.int16], end: int) -> tuple[int, float]:
    """The line near the end of a bar that differs most from the one before, and by how much in the mean."""
    first = max(1, end - 2)
    near = lines[first - 1 : end + RINGING + 1]
    steps = np.abs(np.diff(near, axis=0)).mean(axis=1)
    best = int(steps.argmax())
    return first + best, float(steps[best])
