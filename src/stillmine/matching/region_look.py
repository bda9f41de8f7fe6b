# SPDX-License-Identifier: Apache-2.0
"""The second look: where each stored region should be in the query, and how many are there.

Whoever has the query's picture hashes those places, whoever has the stored hashes compares. Interfaces, letterheads and watermarks agree
in two regions and more, but in a small share of all that should be there: the share decides. Contract: spec/matching.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from stillmine.matching.region_frames import Floats, Frames, Map, frames_through, radii, scaled
from stillmine.matching.region_values import Hashes

LOOK_DISTANCE = 56
"""Bits in which a region and its place may differ."""

MATCH_SHARE = 0.60
PART_SHARE = 0.42
"""Of the visible regions that must be there for a match; less for a reviewer."""

MINIMUM_AGREEING = 4
"""Regions that must be there, whatever the share."""

DOUBTED_SHARE = 0.20
"""Where PDQ matches and less than this is there, the two contradict each other."""

MINIMUM_TO_DISPUTE = 4
"""Visible regions without which nothing is contradicted."""

SMALLEST_RADIUS = 6.0
"""Pixels, in the query scaled to an area of 256 x 256, below which a place says nothing."""

OUTSIDE = 0.15
"""Part of its radius by which a place may reach beyond the picture."""

SHIFT = 0.08
SHIFTS = ((0.0, 0.0), (SHIFT, 0.0), (-SHIFT, 0.0), (0.0, SHIFT), (0.0, -SHIFT))
"""Where a place is hashed: there, and moved along either axis by this part of its radius."""

STEPS = 8192
"""Of width and height, in a frame on the wire: six int16."""


class Verdict(StrEnum):
    """What a second look says."""

    MATCH = "match"
    PART = "part"
    CLEAR = "clear"


class Judgement(StrEnum):
    """What the regions say of a match by PDQ."""

    AGREED = "agreed"
    DISPUTED = "disputed"
    ONE_JUDGE = "one_judge"


@dataclass(frozen=True, slots=True)
class Look:
    """How many regions should be seen in the query, and how many are there."""

    visible: int
    agreeing: int

    @property
    def share(self) -> float:
        """Of the visible ones, from 0 to 1."""
        return self.agreeing / max(1, self.visible)


def places(stored: Frames, map_: Map, width: int, height: int) -> tuple[NDArray[np.bool_], Frames]:
    """Return which regions (n, 6) should be visible in a query of this size, and where each lies in it, as the wire has it."""
    below = stored[:, :2] @ map_[2, :2] + map_[2, 2]
    is_before = below > 0.2 * map_[2, 2]
    frames = np.zeros_like(stored)
    frames[is_before] = frames_through(map_, stored[is_before])
    frames = from_wire(to_wire(frames, width, height), width, height)
    across, down = np.hypot(frames[:, 2], frames[:, 4]), np.hypot(frames[:, 3], frames[:, 5])
    x, y = frames[:, 0], frames[:, 1]
    is_inside = (x >= (1 - OUTSIDE) * across) & (x <= width - (1 - OUTSIDE) * across)
    is_inside &= (y >= (1 - OUTSIDE) * down) & (y <= height - (1 - OUTSIDE) * down)
    smallest = SMALLEST_RADIUS * np.sqrt(width * height) / 256
    return is_before & is_inside & (radii(frames) >= smallest), frames


def to_wire(frames: Frames, width: float, height: float) -> NDArray[np.int16]:
    """Return frames (n, 6) in steps of 1/8192 of width and height; what lies beyond four times these is left at that edge."""
    return np.rint(np.clip(scaled(frames, STEPS / width, STEPS / height), -32767, 32767)).astype(np.int16)


def from_wire(steps: NDArray[np.int16], width: float, height: float) -> Frames:
    """Return frames (n, 6) in pixels of a query of this size."""
    return scaled(steps.astype(np.float64), width / STEPS, height / STEPS)


def shifted(frames: Frames) -> Floats:
    """Return where to hash for places (n, 6): (n, 5, 6), the place first."""
    along, across = frames[:, None, 2:4], frames[:, None, 4:6]
    moves = np.array(SHIFTS)
    moved = np.repeat(frames[:, None, :], len(SHIFTS), axis=1)
    moved[:, :, :2] += moves[None, :, :1] * along + moves[None, :, 1:] * across
    return moved


def look(stored: Hashes, is_visible: NDArray[np.bool_], hashes: NDArray[np.uint8]) -> Look:
    """Compare stored hashes (n, 32) with those of their places (n, shifts, 32), of which the nearest counts."""
    differing: NDArray[np.int64] = np.bitwise_count(stored[:, None, :] ^ hashes).sum(axis=2, dtype=np.int64)
    is_there = (differing.min(axis=1) <= LOOK_DISTANCE) & is_visible
    return Look(int(is_visible.sum()), int(is_there.sum()))


def verdict(seen: Look) -> Verdict:
    """Say whether a query is a copy of the stored picture, may be one or shows a part of it, or is none."""
    if seen.agreeing < MINIMUM_AGREEING or seen.share < PART_SHARE:
        return Verdict.CLEAR
    return Verdict.MATCH if seen.share >= MATCH_SHARE else Verdict.PART


def judgement(seen: Sequence[Look]) -> Judgement:
    """Say what regions make of a match by PDQ, from the looks at every place where the picture might lie.

    One look that agrees is enough. Where too few regions can be seen anywhere, or some are there and not many, one judge has spoken.
    """
    telling = [one for one in seen if one.visible >= MINIMUM_TO_DISPUTE]
    if any(verdict(one) is not Verdict.CLEAR for one in seen):
        return Judgement.AGREED
    if not telling or any(one.share >= DOUBTED_SHARE for one in telling):
        return Judgement.ONE_JUDGE
    return Judgement.DISPUTED
