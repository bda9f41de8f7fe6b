# SPDX-License-Identifier: Apache-2.0
"""Pictures made here, so that nothing in them is anybody's."""

import numpy as np
from PIL import Image


def picture(seed: int, width: int = 640, height: int = 480) -> Image.Image:
    """A picture with large soft shapes, different for each seed; nothing in it is anybody's."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (9, 12, 3), dtype=np.uint8)
    return Image.fromarray(coarse, "RGB").resize((width, height), Image.Resampling.BICUBIC)
