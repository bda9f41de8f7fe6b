# SPDX-License-Identifier: Apache-2.0
"""How a protected picture lies in an upload, in numbers and in the words of a reviewer: "about the middle 60 %, turned 3°, mirrored".

Says what the exchange's map says and nothing of the picture.
"""

import numpy as np

from stillmine.matching.region_words import Transform as Described
from stillmine.matching.region_words import Where, describe
from stillmine.wire.ask_regions import RegionsMap
from stillmine.wire.screen import Transform

ROUNDED_PERCENT = 5
"""Shares are estimates."""

LEAST_TURN_DEGREES = 2
LEAST_STRETCH_PERCENT = 5
"""Smaller ones are not said in words: the map is not that exact."""

MOST_OF_UPLOAD = 0.9
"""Where the picture takes more of the upload, how much is not said."""


def transform_of(stands: RegionsMap, width: int, height: int) -> Transform:
    """Return how a picture lies in an upload of these sides, at 65,536 pixels."""
    a, b, c, d, e, f = stands.affine
    into_sides = np.diag([float(width), float(height), 1.0])
    out_of_sides = np.diag([1.0 / stands.width, 1.0 / stands.height, 1.0])
    map_ = into_sides @ np.array([[a, b, c], [d, e, f], [0.0, 0.0, 1.0]]) @ out_of_sides
    described = describe(map_, (stands.width, stands.height), (width, height))
    return Transform(
        map=stands.affine,
        share=round(described.share, 2),
        turned_degrees=described.turned_degrees,
        is_mirrored=described.is_mirrored,
        words=in_words(described),
    )


def in_words(described: Described) -> str:
    """Return what was done to the picture, in English."""
    where = described.where.replace("_", " ")
    seen = "all of it" if described.where is Where.ALL else f"about the {where} {_percent(described.share)} %"
    is_small = described.share_of_query < MOST_OF_UPLOAD
    parts = [
        seen,
        f"on about {_percent(described.share_of_query)} % of the upload" if is_small else "",
        f"turned {described.turned_degrees}°" if abs(described.turned_degrees) >= LEAST_TURN_DEGREES else "",
        "mirrored" if described.is_mirrored else "",
        f"stretched by {described.stretched_percent} %" if described.stretched_percent >= LEAST_STRETCH_PERCENT else "",
    ]
    return ", ".join(part for part in parts if part)


def _percent(share: float) -> int:
    return max(1, ROUNDED_PERCENT * round(100 * share / ROUNDED_PERCENT))
