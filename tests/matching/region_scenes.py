# SPDX-License-Identifier: Apache-2.0
"""Made-up regions of a stored picture, and of a query that shows it through some map, with strangers between them."""

import math

import numpy as np
from numpy.typing import NDArray

from stillmine.matching.region_frames import Frames, Map, affine, frames_of, frames_through
from stillmine.matching.region_values import Hashes, QueryRegions, StoredRegions

WIDTH, HEIGHT = 320, 205


def similarity(turned: float = 0.0, scale: float = 1.0, shift: tuple[float, float] = (0, 0), is_mirrored: bool = False) -> Map:
    """Return the map that mirrors (left and right), turns clockwise by degrees, scales, and moves."""
    angle = math.radians(turned)
    turn = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return affine(turn @ np.diag([-1.0 if is_mirrored else 1.0, 1.0]), np.array(shift, np.float64))


def random_frames(random: np.random.Generator, count: int, width: float = WIDTH, height: float = HEIGHT) -> Frames:
    """Return frames of circles that lie within a picture of this size."""
    radius = random.uniform(13, 30, count)
    x, y = random.uniform(radius, width - radius), random.uniform(radius, height - radius)
    return frames_of(x, y, radius, random.integers(0, 256, count))


def random_hashes(random: np.random.Generator, count: int) -> Hashes:
    """Return hashes that are alike by chance alone."""
    return random.integers(0, 256, (count, 32), dtype=np.uint8)


def flipped(random: np.random.Generator, hashes: Hashes, bits: int) -> Hashes:
    """Return each hash with so many bits changed."""
    changed = np.unpackbits(hashes, axis=1)
    for row in changed:
        row[random.choice(256, bits, replace=False)] ^= 1
    return np.packbits(changed, axis=1)


def shaken(random: np.random.Generator, frames: Frames, part: float) -> Frames:
    """Return frames whose centres and axes are off by up to this part of their radius."""
    radius = np.sqrt(np.abs(frames[:, 2] * frames[:, 5] - frames[:, 3] * frames[:, 4]))
    return np.asarray(frames + random.uniform(-part, part, frames.shape) * radius[:, None])


def scene(
    seed: int, map_: Map, found: int = 8, shaken_by: float = 0.05, strangers: int = 60, bits: int = 20
) -> tuple[StoredRegions, QueryRegions, NDArray[np.int64]]:
    """Return 36 stored regions, a query that shows the first `found` of them through the map, and the pairs that are true."""
    random = np.random.default_rng(seed)
    stored = StoredRegions(WIDTH, HEIGHT, random_hashes(random, 36), random_frames(random, 36))
    seen = shaken(random, frames_through(map_, stored.frames[:found]), shaken_by)
    frames = np.concatenate([seen, random_frames(random, strangers)])
    hashes = np.concatenate([flipped(random, stored.hashes[:found], bits), random_hashes(random, strangers)])
    order = random.permutation(len(frames))
    places = np.argsort(order)[:found]
    return stored, QueryRegions(WIDTH, HEIGHT, hashes[order], frames[order]), np.stack([np.arange(found), places], axis=1)
