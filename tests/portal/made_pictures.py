# SPDX-License-Identifier: Apache-2.0
"""Pictures made here, so that nothing in them is anybody's."""

import numpy as np
from PIL import Image, ImageDraw


def picture(seed: int, width: int = 640, height: int = 480) -> Image.Image:
    """A picture with large soft shapes, different for each seed; nothing in it is anybody's."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (9, 12, 3), dtype=np.uint8)
    return Image.fromarray(coarse, "RGB").resize((width, height), Image.Resampling.BICUBIC)


def checks() -> Image.Image:
    """A picture that repeats itself: it has a good `pdq` and no regions."""
    drawn = Image.new("RGB", (320, 240), "white")
    for number in range(192):
        column, row = number % 16, number // 16
        if (column + row) % 2:
            ImageDraw.Draw(drawn).rectangle((20 * column, 20 * row, 20 * column + 19, 20 * row + 19), fill="black")
    return drawn
