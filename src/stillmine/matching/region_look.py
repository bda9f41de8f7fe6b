# SPDX-License-Identifier: Apache-2.0
"""The second look: where each stored region should be in the query, and how many are there.

Whoever has the query's picture hashes those places, whoever has the stored hashes compares. Interfaces, letterheads and watermarks agree
in two regions and more, but in a small share of all that should be there, or in a small place: these decide. Contract: spec/matching.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from stillmine.matching.region_frames import NEAREST_DEPTH, SMALL_SIDE, Floats, Frames, Map, frames_through, radii, scaled
from stillmine.matching.region_values import Hashes, StoredRegions

THERE_BITS = 48
MISSING_BITS = 104
"""Up to the first a region is there, from the second on it is missing, between them it is there in part, as one that a sticker covers."""

AGREEING_BITS = 56
"""Up to this a region counts as one that agrees."""

MATCH_EVIDENCE = 0.45
MATCH_AGREEING = 6
"""For a match: the least share times spread, and the least number of regions that agree."""

MATCH_APART = 4
"""For a match: the least number of agreeing regions of which each two lie apart, by more than half the radius of the smaller one. One patch
can be typed as many regions, so that wherever it is pasted all of them agree; that is a reviewer's."""

PART_SHARE = 0.32
FEW_SHARE = 0.80
FEW_AGREEING = 4
"""For a reviewer: the least share; that where fewer than `MATCH_AGREEING` regions agree, and their least number. Two or three lie alike by
chance in one of four uploads where a million pictures are enrolled, which no reviewer can look at."""

DOUBTED_SHARE = 0.20
"""Where PDQ matches and less than this is there, the two contradict each other."""

DOUBTED_VISIBLE = 4
"""Visible regions without which nothing is contradicted."""

SMALLEST_RADIUS = 6.0
"""Pixels, in the query scaled to an area of 256 x 256, below which a place says nothing."""

OUTSIDE = 0.15
"""Part of its radius by which a place may reach beyond the picture."""

STEPS = 8192
"""Of width and height, in a frame on the wire: six int16."""

MOST_STEPS = 32767
"""What lies beyond, four times width or height, is left at that edge."""

CELLS = 64
"""By as many, into which a stored picture is divided to measure areas."""


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
    """What is there of a stored picture's regions."""

    visible: int
    """Regions that should be seen in the query."""
    agreeing: int
    """Those that agree."""
    share: float
    """Of the visible ones, from 0 to 1; one that is there in part counts in part."""
    spread: float
    """Part of the area of the visible ones that agreeing ones cover, from 0 to 1: a letterhead has many regions in a small place.

    0 where fewer than `MATCH_APART` of these lie apart.
    """

    @property
    def evidence(self) -> float:
        """Share times spread: many of the regions are there, and they lie all over the picture."""
        return self.share * self.spread


def places(stored: Frames, map_: Map, width: int, height: int) -> tuple[NDArray[np.bool_], Frames]:
    """Return which regions (n, 6) should be visible in a query of this size, and where each lies in it, as the wire has it."""
    below = stored[:, :2] @ map_[2, :2] + map_[2, 2]
    is_before = below > NEAREST_DEPTH * map_[2, 2]
    frames = np.zeros_like(stored)
    frames[is_before] = frames_through(map_, stored[is_before])
    frames = from_wire(to_wire(frames, width, height), width, height)
    across, down = np.hypot(frames[:, 2], frames[:, 4]), np.hypot(frames[:, 3], frames[:, 5])
    x, y = frames[:, 0], frames[:, 1]
    is_inside = (x >= (1 - OUTSIDE) * across) & (x <= width - (1 - OUTSIDE) * across)
    is_inside &= (y >= (1 - OUTSIDE) * down) & (y <= height - (1 - OUTSIDE) * down)
    smallest = SMALLEST_RADIUS * np.sqrt(width * height) / SMALL_SIDE
    return is_before & is_inside & (radii(frames) >= smallest), frames


def to_wire(frames: Frames, width: float, height: float) -> NDArray[np.int16]:
    """Return frames (n, 6) in steps of 1/8192 of width and height; what lies beyond four times these is left at that edge."""
    return np.rint(np.clip(scaled(frames, STEPS / width, STEPS / height), -MOST_STEPS, MOST_STEPS)).astype(np.int16)


def from_wire(steps: NDArray[np.int16], width: float, height: float) -> Frames:
    """Return frames (n, 6) in pixels of a query of this size."""
    return scaled(steps.astype(np.float64), width / STEPS, height / STEPS)


def look(stored: StoredRegions, is_visible: NDArray[np.bool_], hashes: Hashes) -> Look:
    """Compare a picture's regions with the hashes (n, 32) of their places in a query; those that are not visible are left out."""
    bits = np.bitwise_count(stored.hashes ^ hashes).sum(axis=1, dtype=np.int64)
    agrees = (bits <= AGREEING_BITS) & is_visible
    visible = int(is_visible.sum())
    there: Floats = np.clip((MISSING_BITS - bits) / (MISSING_BITS - THERE_BITS), 0, 1) * is_visible
    spread = _spread(stored, is_visible, agrees) if _lie_apart(stored.frames[agrees]) else 0.0
    return Look(visible, int(agrees.sum()), float(there.sum()) / max(1, visible), spread)


def _lie_apart(frames: Frames) -> bool:
    """Whether enough of these regions (n, 6) lie apart; each is held against those that were taken before it."""
    apart: list[tuple[float, float, float]] = []
    for x, y, reach in zip(frames[:, 0], frames[:, 1], frames[:, 2] ** 2 + frames[:, 3] ** 2, strict=True):
        if all((x - other_x) ** 2 + (y - other_y) ** 2 > min(reach, other_reach) / 4 for other_x, other_y, other_reach in apart):
            apart.append((x, y, reach))
    return len(apart) >= MATCH_APART


def _spread(stored: StoredRegions, is_visible: NDArray[np.bool_], agrees: NDArray[np.bool_]) -> float:
    x = (np.arange(CELLS) + 0.5) * (stored.width / CELLS)
    y = (np.arange(CELLS) + 0.5) * (stored.height / CELLS)
    across = (x[None, :] - stored.frames[:, 0, None]) ** 2
    down = (y[None, :] - stored.frames[:, 1, None]) ** 2
    reach = stored.frames[:, 2] ** 2 + stored.frames[:, 3] ** 2
    lies_in = across[:, None, :] + down[:, :, None] <= reach[:, None, None]
    seen = int(lies_in[is_visible].any(axis=0).sum())
    return int(lies_in[agrees].any(axis=0).sum()) / max(1, seen)


def verdict(seen: Look) -> Verdict:
    """Say whether a query is a copy of the stored picture, may be one or shows a part of it, or is none."""
    if seen.evidence >= MATCH_EVIDENCE and seen.agreeing >= MATCH_AGREEING:
        return Verdict.MATCH
    least = PART_SHARE if seen.agreeing >= MATCH_AGREEING else FEW_SHARE
    return Verdict.PART if seen.share >= least and seen.agreeing >= FEW_AGREEING else Verdict.CLEAR


def judgement(seen: Sequence[Look]) -> Judgement:
    """Say what regions make of a match by PDQ, from the looks at every place where the picture might lie.

    One look that agrees is enough. Where too few regions can be seen anywhere, or some are there and not many, one judge has spoken.
    """
    telling = [one for one in seen if one.visible >= DOUBTED_VISIBLE]
    if any(verdict(one) is not Verdict.CLEAR for one in seen):
        return Judgement.AGREED
    if not telling or any(one.share >= DOUBTED_SHARE for one in telling):
        return Judgement.ONE_JUDGE
    return Judgement.DISPUTED
