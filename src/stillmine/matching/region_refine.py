# SPDX-License-Identifier: Apache-2.0
"""From regions that agree to where the stored picture lies in the query as exactly as its regions can tell.

The vote's map is only as good as one region's size and direction. Knowing roughly where each stored region should be, far less alike
regions of the query may be trusted to be it, and a map is fitted to all of them: an affine one, and where enough support it one with
perspective, as of a picture photographed on a screen. Must never leave the neighbourhood of what was voted. Contract: spec/matching.md.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stillmine.matching.region_frames import (
    NEAREST_DEPTH,
    Floats,
    Frames,
    Map,
    axes,
    determinants,
    frames_through,
    inverted,
    jacobians,
    points_through,
    radii,
)
from stillmine.matching.region_values import QueryRegions, StoredRegions, distances_between
from stillmine.matching.region_vote import Group, vote

GUIDED_DISTANCE = 80
"""Bits, for a region that is where it should be."""

MINIMUM_VOTED = 2
"""Different regions that agree in the vote are a candidate, whatever else is found."""

MINIMUM_SUPPORT = 3
"""Different regions that lie where the map says are one too, if the vote had a single pair."""

MAXIMUM_GUIDED = 4096
"""Pairs looked at, nearest in bits first: real pictures have some hundreds."""

ROUNDS = (0.5, 0.35, 0.35, 0.35)
"""How far from where it should be, in radii, a query region may lie, in each round."""

PERSPECTIVE_FROM_ROUND = 2
PERSPECTIVE_PAIRS = 6
"""Without so many different stored regions the map stays affine."""

GUIDED_AREA_RATIO = 2.5
AXES_WEIGHT = 0.3
"""Of what a region's size and direction say, beside what its centre says."""
USUAL_ERROR = 0.12
"""In radii; what lies further off counts less and less."""
REWEIGHTED = 3
"""Steps of fitting: each weighs by how far off the one before was."""
FLATNESS = 0.3
"""How much is paid, in radii, for perspective that no region asks for."""
LARGEST_MOVE = 0.6
"""How far the refined map may move the regions of the vote, in radii."""
LARGEST_CHANGE = 2.5
"""How often it may change their area, either way."""


@dataclass(frozen=True, slots=True)
class Located:
    """Where a stored picture may lie in a query, and how many of its regions are found there."""

    map: Map
    support: int


@dataclass(frozen=True, slots=True)
class _Alike:
    """Pairs of regions that differ in few enough bits: row k of each."""

    numbers: NDArray[np.int64]
    """Of the stored regions."""
    stored: Frames
    query: Frames
    distances: NDArray[np.int64]


def located(stored: StoredRegions, query: QueryRegions, pairs: NDArray[np.integer], distances: NDArray[np.integer]) -> list[Located]:
    """Return where the stored picture may lie, best supported first, from pairs of alike regions as for `vote`.

    Two pairs in one geometry are enough; where no two are, one with two more regions that lie where it says.
    """
    groups = vote(stored.frames, query.frames, pairs, distances)
    voted = [group for group in groups if len(group) >= MINIMUM_VOTED]
    alike = _alike(stored, query)
    found = [_refined(alike, stored, query, group) for group in voted or groups]
    return sorted((place for place in found if voted or place.support >= MINIMUM_SUPPORT), key=lambda place: -place.support)


def refined(stored: StoredRegions, query: QueryRegions, map_: Map) -> Located:
    """Return where the stored picture lies, knowing roughly where: as a match by PDQ implies."""
    return _rounds(_alike(stored, query), map_, map_, stored.frames, MINIMUM_SUPPORT)


def _refined(alike: _Alike, stored: StoredRegions, query: QueryRegions, group: Group) -> Located:
    voted = stored.frames[group.stored]
    map_ = fitted(voted, query.frames[group.query], group.map, has_perspective=False)
    found = _rounds(alike, map_ if is_close(map_, group.map, voted) else group.map, group.map, voted, len(group))
    return found if found.support else Located(found.map, len(group))


def _rounds(alike: _Alike, map_: Map, voted: Map, anchors: Frames, least: int) -> Located:
    """Return the map fitted to what lies where it says, as long as that are so many and these anchors stay where they were voted."""
    support = 0
    for number, reach in enumerate(ROUNDS):
        chosen = _guided(alike, map_, reach)
        if len(chosen) < least:
            break
        has_perspective = number >= PERSPECTIVE_FROM_ROUND and len(chosen) >= PERSPECTIVE_PAIRS
        better = fitted(alike.stored[chosen], alike.query[chosen], map_, has_perspective)
        if not is_close(better, voted, anchors):
            break
        map_, support = better, len(chosen)
    return Located(map_, support)


def _alike(stored: StoredRegions, query: QueryRegions) -> _Alike:
    distances = distances_between(stored.hashes, query.hashes)
    rows, columns = np.nonzero(distances <= GUIDED_DISTANCE)
    if len(rows) > MAXIMUM_GUIDED:
        nearest = np.sort(np.argsort(distances[rows, columns], kind="stable")[:MAXIMUM_GUIDED])
        rows, columns = rows[nearest], columns[nearest]
    return _Alike(rows, stored.frames[rows], query.frames[columns], distances[rows, columns])


def _guided(pairs: _Alike, map_: Map, reach: float) -> NDArray[np.int64]:
    """Return which pairs lie as the map says, for each stored region the nearest in bits."""
    expected, query = frames_through(map_, pairs.stored), pairs.query
    to_patch = inverted(axes(query))
    off = (to_patch @ (expected[:, :2] - query[:, :2])[:, :, None])[:, :, 0]
    area = determinants(to_patch @ axes(expected))
    fits = ((off**2).sum(axis=1) <= reach**2) & (area >= 1 / GUIDED_AREA_RATIO) & (area <= GUIDED_AREA_RATIO)
    places = np.flatnonzero(fits)
    places = places[np.lexsort((pairs.distances[places], pairs.numbers[places]))]
    _, firsts = np.unique(pairs.numbers[places], return_index=True)
    return places[firsts]


def fitted(stored: Frames, query: Frames, start: Map, has_perspective: bool) -> Map:
    """Return the map of stored frames (k, 6) to query frames (k, 6): least squares in units of each radius, what lies far off counts less.

    Eight unknowns: two rows of a matrix, a shift, and two of perspective that stay 0 unless asked for. Each pair gives an equation for its
    centre and, with less weight, for both axes, so one pair is enough for an answer.
    """
    middle = stored[:, :2].mean(axis=0)
    extent = max(float(np.abs(stored[:, :2] - middle).max()), float(radii(stored).max()))
    centred = stored.copy()
    centred[:, :2] = (stored[:, :2] - middle) / extent
    centred[:, 2:] = stored[:, 2:] / extent
    into = np.array([[extent, 0, middle[0]], [0, extent, middle[1]], [0, 0, 1]])
    map_ = start @ into
    map_ /= map_[2, 2]
    size = radii(query)
    for _ in range(REWEIGHTED):
        off = points_through(map_, centred[:, :2]) - query[:, :2]
        weight = 1 / (1 + (off**2).sum(axis=1) / (size * USUAL_ERROR) ** 2) / size**2
        below = 1 + centred[:, :2] @ map_[2, :2]
        map_ = _solved(centred, query, weight, below, has_perspective)
    out = map_ @ np.array([[1 / extent, 0, -middle[0] / extent], [0, 1 / extent, -middle[1] / extent], [0, 0, 1]])
    return np.asarray(out / out[2, 2])


def _solved(stored: Frames, query: Frames, weight: Floats, below: Floats, has_perspective: bool) -> Map:
    """Return the map of one step: normal equations of what is linear once perspective is multiplied out.

    Rows of `sources` are centres, then both axes (whose third number is 0); the upper left part of the matrix is the same for x and y.
    """
    count = len(stored)
    sources = np.zeros((3 * count, 3))
    sources[:, :2] = stored.reshape(count, 3, 2).transpose(1, 0, 2).reshape(-1, 2)
    sources[:count, 2] = 1
    ends = query.reshape(count, 3, 2).transpose(1, 0, 2).copy()
    ends[1:] *= below[:, None]
    weights = np.concatenate([weight, weight * AXES_WEIGHT**2, weight * AXES_WEIGHT**2]) / np.tile(below**2, 3)
    weighted = sources * weights[:, None]
    same, right = weighted.T @ sources, weighted.T @ ends.reshape(-1, 2)
    if not has_perspective:
        return np.concatenate([np.linalg.solve(same, right).T, [[0.0, 0.0, 1.0]]])
    normal, end = np.zeros((8, 8)), np.zeros(8)
    normal[6, 6] = normal[7, 7] = FLATNESS**2
    for axis in range(2):
        tilt = -np.tile(query[:, axis], 3)[:, None] * sources[:, :2]
        own = slice(3 * axis, 3 * axis + 3)
        normal[own, own], end[own] = same, right[:, axis]
        normal[own, 6:] = weighted.T @ tilt
        normal[6:, own] = normal[own, 6:].T
        normal[6:, 6:] += (tilt * weights[:, None]).T @ tilt
        end[6:] += (tilt * weights[:, None]).T @ ends.reshape(-1, 2)[:, axis]
    return np.append(np.linalg.solve(normal, end), 1.0).reshape(3, 3)


def is_close(map_: Map, voted: Map, frames: Frames) -> bool:
    """Whether a map is still what was voted: moves none of these stored regions far, shrinks, enlarges or turns over none."""
    centres = frames[:, :2]
    below = centres @ map_[2, :2] + 1
    if not np.isfinite(map_).all() or (below <= NEAREST_DEPTH).any():
        return False
    before, after = frames_through(voted, frames), frames_through(map_, frames)
    moved = ((before[:, :2] - after[:, :2]) ** 2).sum(axis=1) <= (LARGEST_MOVE * radii(before)) ** 2
    area = determinants(jacobians(map_, centres)) / determinants(jacobians(voted, centres))
    return bool((moved & (area >= 1 / LARGEST_CHANGE) & (area <= LARGEST_CHANGE)).all())
