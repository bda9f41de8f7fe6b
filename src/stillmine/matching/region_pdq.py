# SPDX-License-Identifier: Apache-2.0
"""Where a match by PDQ says that the stored picture lies in the query: its regions are looked for there.

Contract: spec/matching.md.
"""

import numpy as np

from stillmine.matching.region_frames import Map, affine

_CORNERS = (
    (0, 1, 2, 3),
    (1, 2, 3, 0),
    (2, 3, 0, 1),
    (3, 0, 1, 2),
    (1, 0, 3, 2),
    (3, 2, 1, 0),
    (0, 3, 2, 1),
    (2, 1, 0, 3),
)
"""For each turn, in the order of `fingerprint.VARIANTS`: which corner of the part that was compared (top left, top right, bottom right,
bottom left) lies in each place afterwards, where the stored picture has its own."""

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in the query."""


def implied_map(width: float, height: float, turn: int, box: Box) -> Map:
    """Return the map of a stored picture of this size onto that part of the query, from the turn (0 to 7) that made the two alike."""
    left, top, right, bottom = box
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])[list(_CORNERS[turn])]
    across, down = (corners[1] - corners[0]) / width, (corners[3] - corners[0]) / height
    return affine(np.stack([across, down], axis=1), corners[0])
