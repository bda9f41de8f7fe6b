# SPDX-License-Identifier: Apache-2.0
"""The views of a picture that are asked about by regions: small and large, as it is and stretched. Contract: spec/regions.md, "Asking"."""

from typing import Final

import numpy as np

from stillmine.fingerprint.picture.regions import AREA, LARGE_AREA, Base, find_regions

COUNTS: Final = {AREA: 100, LARGE_AREA: 200}
"""Regions of a view at most, by its area: more than a case stores, because a copy may rank others first."""


def sides_of(base: Base, stretch: float = 1.0) -> tuple[int, int]:
    """Return width and height of a base at 65,536 pixels, its width stretched."""
    width = (AREA * stretch * base.width / base.height) ** 0.5
    return max(1, round(width)), max(1, round(AREA / width))


def asked_regions(base: Base, area: int, stretch: float = 1.0) -> bytes:
    """Return the regions of one view, 69 bytes each: hash, hash of the mirrored patch, geometry."""
    found = find_regions(base, area, stretch, COUNTS[area])
    return np.concatenate([found.hashes, found.mirrored, found.geometry], axis=1).tobytes()
