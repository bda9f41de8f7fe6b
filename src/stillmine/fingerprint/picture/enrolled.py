# SPDX-License-Identifier: Apache-2.0
"""What a case stores of a decoded picture's regions, by the same steps as on the device: the base is turned, not the pixels.

Contract: spec/regions.md, "Value". Must never be used for a picture of which pixels are missing.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from stillmine.fingerprint.ground import _kernel
from stillmine.fingerprint.picture.decode import Decoded, bands_of
from stillmine.fingerprint.picture.regions import Base, base_of, regions_value

_CHANNELS = {"L": 1, "RGB": 3, "RGBA": 4}

_Luma = NDArray[np.uint8]

_TURNS: dict[str, Callable[[_Luma], _Luma]] = {
    "rotate90": np.rot90,
    "rotate180": lambda luma: np.rot90(luma, 2),
    "rotate270": lambda luma: np.rot90(luma, 3),
    "flip_horizontal": lambda luma: luma[:, ::-1],
    "flip_vertical": lambda luma: luma[::-1],
    "transpose": lambda luma: luma.T,
    "transverse": lambda luma: luma[::-1, ::-1].T,
}


def enrolled_regions(decoded: Decoded, pdq: bytes) -> bytes | None:
    """Return the value of kind `regions` of a decoded picture whose upright `pdq` this is, None where it has too few of them."""
    image = decoded.image
    base = Base(*_kernel.base_of_bands(bands_of(image), image.width, image.height, _CHANNELS[image.mode]))
    turn = _TURNS.get(decoded.turn)
    return regions_value(base if turn is None else base_of(turn(base.luma())), pdq)
