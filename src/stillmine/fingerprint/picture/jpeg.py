# SPDX-License-Identifier: Apache-2.0
"""What a JPEG's decoder can leave out: colours, when only luma counts, and detail that lies below the fingerprint's own.

A JPEG keeps luma by itself, and its 8 x 8 blocks can be decoded to 4 x 4, 2 x 2 or 1. The kernel weighs such a smaller picture as if
it were the original, so hardly a bit moves: docs/performance.md has the distribution. Must never shrink further than that was measured for.
"""

from PIL import ImageFile

from stillmine.fingerprint.picture.colour import has_own_colours

SHRINKS = (8, 4, 2)
MIN_PIXELS_PER_WINDOW = 4
WINDOWS = 128


def choose_shrink(width: int, height: int) -> int:
    """Return 8, 4, 2 or 1: the most that leaves each of PDQ's windows at least four pixels wide, so 512 pixels a side or more."""
    window = (min(width, height) + WINDOWS - 1) // WINDOWS
    return next((shrink for shrink in SHRINKS if window >= MIN_PIXELS_PER_WINDOW * shrink), 1)


def draft_image(image: ImageFile.ImageFile) -> int:
    """Tell the decoder of a JPEG what to leave out; return by how much the picture will be smaller."""
    width, height = image.size
    shrink = choose_shrink(width, height)
    wanted = (width + shrink - 1) // shrink, (height + shrink - 1) // shrink
    image.draft("L" if image.mode == "RGB" and not has_own_colours(image) else image.mode, (width // shrink, height // shrink))
    if image.size != wanted:
        raise ValueError("the decoder chose another size")
    return shrink
