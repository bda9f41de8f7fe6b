# SPDX-License-Identifier: Apache-2.0
"""The views of a picture that are asked about by regions: small and large, as it is and stretched. Contract: spec/regions.md, "Asking"."""

from typing import Final, NamedTuple

import numpy as np

from stillmine.fingerprint.picture.regions import AREA, LARGE_AREA, Base, find_regions


class ViewOf(NamedTuple):
    """Which view of a picture: pixels of area, and by how much x is stretched."""

    area: int
    stretch: float = 1.0


AS_IT_IS: Final = (ViewOf(AREA), ViewOf(LARGE_AREA))
"""Asked about first."""

STRETCHED: Final = (
    *(ViewOf(AREA, stretch) for stretch in (0.67, 0.9, 1.11, 1.5)),
    *(ViewOf(LARGE_AREA, stretch) for stretch in (0.8, 1.25)),
)
"""Asked about where these find nothing: a copy may be squeezed, or seen from the side. Which of them pay: docs/performance.md."""

COUNTS: Final = {AREA: 100, LARGE_AREA: 200}
"""Regions of a view at most, by its area: more than a case stores, because a copy may rank others first."""


def sides_of(base: Base, stretch: float = 1.0) -> tuple[int, int]:
    """Return width and height of a base at 65,536 pixels, its width stretched."""
    width = (AREA * stretch * base.width / base.height) ** 0.5
    return max(1, round(width)), max(1, round(AREA / width))


def asked_regions(base: Base, view: ViewOf) -> bytes:
    """Return the regions of one view, 69 bytes each: hash, hash of the mirrored patch, geometry."""
    found = find_regions(base, view.area, view.stretch, COUNTS[view.area])
    return np.concatenate([found.hashes, found.mirrored, found.geometry], axis=1).tobytes()
