# SPDX-License-Identifier: Apache-2.0
"""Where regions lie: frames, and maps from one picture to another. Arithmetic alone, and one table of angles.

A *frame* is six numbers (cx, cy, ux, uy, vx, vy): the point (s, t) of a patch, both from -1 to 1, lies at c + s u + t v, and the patch's
columns follow u. Coordinates are continuous: a picture of w by h pixels spans 0 to w and 0 to h, y goes down. A *map* is a matrix
(3, 3) from a stored picture's coordinates to those of a query; both pictures
are scaled to an area of 256 x 256 pixels. Must stay easy to port: the portal does the same in TypeScript,
held to it by vectors/region_matching.json. Contract: spec/matching.md.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Frames = NDArray[np.float64]
"""(n, 6)."""
Map = NDArray[np.float64]
"""(3, 3), the last number 1."""

ANGLES = 256
"""Steps of a whole turn, clockwise on the screen."""

SMALL_SIDE = 256
"""Root of the area, in pixels, to which pictures are scaled."""

NEAREST_DEPTH = 0.2
"""What a map divides by at a place, below which that place is seen from too near, or from behind, to be looked at."""

_COSINES = np.cos(np.arange(ANGLES) * (2 * np.pi / ANGLES))
_SINES = np.sin(np.arange(ANGLES) * (2 * np.pi / ANGLES))


def frames_of(x: Floats, y: Floats, radius: Floats, angle: NDArray[np.integer]) -> Frames:
    """Return the frames (n, 6) of upright circles: centres and radii in pixels, angles in steps of 1/256 turn."""
    across, down = radius * _COSINES[angle], radius * _SINES[angle]
    return np.stack([x, y, across, down, -down, across], axis=1)


def turned_over(frames: Frames) -> Frames:
    """Return the frames of the same places seen in a mirror: a mirror keeps the direction of a gradient, so v changes sides."""
    over: Frames = frames * np.array([1.0, 1, 1, 1, -1, -1])
    return over


def scaled(frames: Frames, across: float, down: float) -> Frames:
    """Return frames in coordinates that are so many times larger in each direction."""
    larger: Frames = frames * np.array([across, down] * 3)
    return larger


def axes(frames: Frames) -> Floats:
    """Return the matrices (n, 2, 2) whose columns are u and v."""
    return frames[:, 2:].reshape(-1, 2, 2).transpose(0, 2, 1)


def determinants(matrices: Floats) -> Floats:
    """Return the determinants of matrices (n, 2, 2)."""
    found: Floats = matrices[:, 0, 0] * matrices[:, 1, 1] - matrices[:, 0, 1] * matrices[:, 1, 0]
    return found


def inverted(matrices: Floats) -> Floats:
    """Return the inverses of matrices (n, 2, 2), none of which may be singular."""
    swapped = np.empty_like(matrices)
    swapped[:, 0, 0], swapped[:, 1, 1] = matrices[:, 1, 1], matrices[:, 0, 0]
    swapped[:, 0, 1], swapped[:, 1, 0] = -matrices[:, 0, 1], -matrices[:, 1, 0]
    return swapped / determinants(matrices)[:, None, None]


def radii(frames: Frames) -> Floats:
    """Return the radius of each: of the circle with the area of the ellipse that u and v span."""
    return np.sqrt(np.abs(determinants(axes(frames))))


def points_through(map_: Map, points: Floats) -> Floats:
    """Return points (n, 2) in the query."""
    ends = points @ map_[:, :2].T + map_[:, 2]
    mapped: Floats = ends[:, :2] / ends[:, 2:]
    return mapped


def jacobians(map_: Map, points: Floats) -> Floats:
    """Return the matrices (n, 2, 2) by which the map acts around each point (n, 2)."""
    below = points @ map_[2, :2] + map_[2, 2]
    mapped = points_through(map_, points)
    acts: Floats = (map_[None, :2, :2] - mapped[:, :, None] * map_[None, None, 2, :2]) / below[:, None, None]
    return acts


def frames_through(map_: Map, frames: Frames) -> Frames:
    """Return frames in the query: centres exactly, axes as the map acts around the centre."""
    turned = jacobians(map_, frames[:, :2]) @ axes(frames)
    return np.concatenate([points_through(map_, frames[:, :2]), turned.transpose(0, 2, 1).reshape(-1, 4)], axis=1)


def affine(linear: Floats, shift: Floats) -> Map:
    """Return the map x -> linear x + shift."""
    map_ = np.eye(3)
    map_[:2, :2], map_[:2, 2] = linear, shift
    return map_
