# SPDX-License-Identifier: Apache-2.0
"""The vote: which pairs of alike regions lie as if one picture were the other, moved, turned, scaled or mirrored.

Each pair says of itself where the stored picture would lie in the query; the place that most others agree with wins. That is never a match:
interfaces and letterheads have many pairs. What decides is the second look (`region_look`). Must stay bounded for any number of pairs that
a hostile query makes. Contract: spec/matching.md.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stillmine.matching.region_frames import Floats, Frames, Map, affine, axes, determinants, inverted

MAXIMUM_PAIRS = 256
"""Pairs looked at, nearest first."""

ENOUGH_PAIRS = 12
"""No further place is tried once so many agree on one."""

MAXIMUM_GROUPS = 3
"""Returned of one picture: an interface may be found before the picture in it."""

CENTRE_ERROR = 0.35
"""Of the query region's radius."""
AREA_RATIO = 2.0
"""Between the area that one pair expects of another and the area it has, either way."""
TURN_COSINE = 0.9
"""Of the angle between the direction that one pair expects of another and the direction it has: 25.8 degrees."""
STRETCH = 0.25
"""Largest part of stretching, of turning and scaling: sides of 5 to 3. Regions of different views may stand together."""


@dataclass(frozen=True, slots=True)
class Group:
    """Pairs that agree: the numbers of stored and of query regions, and where the first of them says that the stored picture lies."""

    map: Map
    stored: NDArray[np.int64]
    query: NDArray[np.int64]

    def __len__(self) -> int:
        """How many different regions agree, of the stored picture or of the query, whichever has fewer."""
        return min(len(set(self.stored.tolist())), len(set(self.query.tolist())))


def vote(
    stored: Frames,
    query: Frames,
    pairs: NDArray[np.integer],
    distances: NDArray[np.integer],
    maximum: int = MAXIMUM_GROUPS,
) -> list[Group]:
    """Return groups of pairs that agree, largest first, of equals the one around the nearest pair; each without pairs of those before it.

    `stored` (n, 6) in the stored picture's coordinates, `query` (m, 6) in the query's; `pairs` (k, 2) of a stored region's number and a
    query region's, `distances` (k,) in bits.
    """
    nearest = np.argsort(distances, kind="stable")[:MAXIMUM_PAIRS]
    left = pairs[nearest].astype(np.int64)
    groups: list[Group] = []
    while len(groups) < maximum and len(left):
        map_, agrees = _largest(stored[left[:, 0]], query[left[:, 1]], left)
        groups.append(Group(map_, left[agrees, 0], left[agrees, 1]))
        left = left[~agrees]
    return groups


def _largest(stored: Frames, query: Frames, pairs: NDArray[np.int64]) -> tuple[Map, NDArray[np.bool_]]:
    """Return what the pair says that most agree with, and which do; row k of both frames is that of pair k."""
    most = _size(pairs)
    linear = axes(query) @ inverted(axes(stored))
    best, best_agrees, best_size = 0, np.zeros(len(pairs), np.bool_), 0
    to_patch = inverted(axes(query))
    for proposing in range(len(pairs)):
        shift = query[proposing, :2] - linear[proposing] @ stored[proposing, :2]
        agrees = _agreeing(linear[proposing], shift, stored, query, to_patch)
        size = _size(pairs[agrees])
        if size > best_size:
            best, best_agrees, best_size = proposing, agrees, size
        if best_size >= min(most, ENOUGH_PAIRS):
            break
    return affine(linear[best], query[best, :2] - linear[best] @ stored[best, :2]), best_agrees


def _agreeing(linear: Floats, shift: Floats, stored: Frames, query: Frames, to_patch: Floats) -> NDArray[np.bool_]:
    """Whether each pair lies as x -> linear x + shift says: its centre, size, direction, and side of the mirror."""
    off = to_patch @ (stored[:, :2] @ linear.T + shift - query[:, :2])[:, :, None]
    acts = to_patch @ (linear @ axes(stored))
    along, around = acts[:, 0, 0] + acts[:, 1, 1], acts[:, 1, 0] - acts[:, 0, 1]
    stretched = np.hypot(acts[:, 0, 0] - acts[:, 1, 1], acts[:, 1, 0] + acts[:, 0, 1])
    plain = np.hypot(along, around)
    area = determinants(acts)
    is_near = off[:, 0, 0] ** 2 + off[:, 1, 0] ** 2 <= CENTRE_ERROR**2
    is_alike = (area >= 1 / AREA_RATIO) & (area <= AREA_RATIO) & (stretched <= STRETCH * plain)
    agrees: NDArray[np.bool_] = is_near & is_alike & (along >= TURN_COSINE * plain)
    return agrees


def _size(pairs: NDArray[np.int64]) -> int:
    return min(len(set(pairs[:, 0].tolist())), len(set(pairs[:, 1].tolist())))
