# SPDX-License-Identifier: Apache-2.0
"""How a protected picture lies in an upload, in numbers and in the words of a reviewer: "about the middle 60 %, turned 3°, mirrored".

Says what the exchange's map says and nothing of the picture.
"""

import numpy as np

from stillmine.matching.region_english import in_words
from stillmine.matching.region_words import describe
from stillmine.wire.ask_regions import RegionsMap
from stillmine.wire.screen import Transform


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
