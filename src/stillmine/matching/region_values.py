# SPDX-License-Identifier: Apache-2.0
"""Regions as arrays: those of a stored picture from its value of kind `regions`, those of a query from its views.

Knows the bytes, not where they come from; whether a value is well formed is decided by `wire` before. Contract: spec/regions.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stillmine.matching.region_frames import Floats, Frames, frames_of, scaled, turned_over

Hashes = NDArray[np.uint8]
"""(n, 32), in the byte order of kind `pdq`."""

HASH_BYTES = 32
GEOMETRY_BYTES = 5
REGION_BYTES = HASH_BYTES + GEOMETRY_BYTES
"""Of a stored region."""
ASKED_BYTES = 2 * HASH_BYTES + GEOMETRY_BYTES
"""Of a query's region: hash, hash of the mirrored patch, geometry."""

PLACES = 4096
"""Of width and height, in which a region's centre is counted."""
RADIUS_UNIT = 6.0
RADII_A_DOUBLING = 48
"""A radius byte b stands for RADIUS_UNIT * 2 ** (b / RADII_A_DOUBLING) pixels."""
HEAD_BYTES = 6 + HASH_BYTES


@dataclass(frozen=True, slots=True)
class StoredRegions:
    """A stored picture's regions; coordinates are those of the picture scaled to an area of 256 x 256 pixels, which has this size."""

    width: int
    height: int
    hashes: Hashes
    frames: Frames

    def __len__(self) -> int:
        return len(self.hashes)


@dataclass(frozen=True, slots=True)
class View:
    """A query's regions found in one view of it, 69 bytes each; width and height are what the view has at an area of 256 x 256 pixels."""

    width: int
    height: int
    regions: bytes


@dataclass(frozen=True, slots=True)
class QueryRegions:
    """Regions of all views of a query, in coordinates of the query as it is, scaled to an area of 256 x 256 pixels.

    Every region stands there twice, as it is and mirrored: of each view first all as they are, then all mirrored.
    """

    width: int
    height: int
    hashes: Hashes
    frames: Frames

    def __len__(self) -> int:
        return len(self.hashes)


def stored_regions(value: bytes) -> StoredRegions:
    """Return the regions of a compact value; raises ValueError if its length is not what its count says."""
    count = value[1] if len(value) >= HEAD_BYTES else 0
    if len(value) != HEAD_BYTES + count * REGION_BYTES:
        raise ValueError("a value of kind regions has 38 bytes and 37 for each region")
    width, height = (int.from_bytes(value[start : start + 2], "little") for start in (2, 4))
    rows = np.frombuffer(value, np.uint8, offset=HEAD_BYTES).reshape(count, REGION_BYTES)
    return StoredRegions(width, height, rows[:, :HASH_BYTES].copy(), frames_of_geometry(rows[:, HASH_BYTES:], width, height))


def query_regions(width: int, height: int, views: Sequence[View]) -> QueryRegions:
    """Return the regions of views of a query of this size; raises ValueError for a length that is no multiple of 69."""
    hashes: list[Hashes] = [np.empty((0, HASH_BYTES), np.uint8)]
    frames: list[Frames] = [np.empty((0, 6))]
    for view in views:
        if len(view.regions) % ASKED_BYTES:
            raise ValueError("a region that is asked about has 69 bytes")
        rows = np.frombuffer(view.regions, np.uint8).reshape(-1, ASKED_BYTES)
        found = frames_of_geometry(rows[:, 2 * HASH_BYTES :], view.width, view.height)
        found = scaled(found, width / view.width, height / view.height)
        hashes += [rows[:, :HASH_BYTES], rows[:, HASH_BYTES : 2 * HASH_BYTES]]
        frames += [found, turned_over(found)]
    return QueryRegions(width, height, np.concatenate(hashes), np.concatenate(frames))


def frames_of_geometry(geometry: NDArray[np.uint8], width: float, height: float) -> Frames:
    """Return frames (n, 6), in pixels of a picture or view of this size, of geometry (n, 5): x and y in 12 bits each, radius, angle."""
    wide = geometry.astype(np.int64)
    across, down = wide[:, 0] << 4 | wide[:, 1] >> 4, (wide[:, 1] & 15) << 8 | wide[:, 2]
    x: Floats = across.astype(np.float64) * (width / PLACES)
    y: Floats = down.astype(np.float64) * (height / PLACES)
    radius: Floats = RADIUS_UNIT * np.exp2(wide[:, 3] / RADII_A_DOUBLING)
    return frames_of(x, y, radius, wide[:, 4])


def distances_between(some: Hashes, others: Hashes) -> NDArray[np.int64]:
    """Return in how many bits each of some hashes (n, 32) differs from each of others (m, 32), as (n, m)."""
    rows, columns = (np.ascontiguousarray(hashes).view(np.uint64) for hashes in (some, others))
    bits = np.zeros((len(rows), len(columns)), np.uint16)
    for word in range(rows.shape[1]):
        bits += np.bitwise_count(rows[:, None, word] ^ columns[None, :, word])
    return bits.astype(np.int64)
