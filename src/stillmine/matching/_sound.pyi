# SPDX-License-Identifier: Apache-2.0
"""Where a sound may lie in many others, compiled: kernel/bindings/python/sound_module.c."""

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.uint32]

def align(
    values: Values,
    offsets: Values,
    starts: Values,
    places: Values,
    query: Values,
    *,
    maximum_error_bits: int,
    smoothed_values: int,
    minimum_run: int,
    minimum_matched: int,
    matched_share: float,
    shifts: int,
    votes: int,
) -> list[tuple[int, int]]:
    """Return (sound, shift) where a sound agrees with the query for long enough.

    Lets go of the GIL. Raises ValueError where the tables do not belong together.
    """
