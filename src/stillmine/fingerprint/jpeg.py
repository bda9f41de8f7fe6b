# SPDX-License-Identifier: Apache-2.0
"""What a JPEG's decoder can leave out: colours, when only luma counts, and detail that lies below the fingerprint's own.

A JPEG keeps luma by itself, and its 8 x 8 blocks can be decoded to 4 x 4, 2 x 2 or 1. The kernel weighs such a smaller picture as if
it were the original, so hardly a bit moves: docs/performance.md has the distribution. Must never shrink further than that was measured for.
"""

from PIL import ImageFile

from stillmine.fingerprint.colour import has_own_colours

_SHRINKS = (8, 4, 2)
_MIN_PIXELS_PER_WINDOW = 4
_WINDOWS = 128
_START_OF_SCAN = 0xDA
_ONE_PASS_FRAMES = frozenset({0xC0, 0xC1})
_OTHER_FRAMES = frozenset({0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
_WITHOUT_LENGTH = frozenset({0x01, 0xFF, *range(0xD0, 0xD9)})


def choose_shrink(width: int, height: int) -> int:
    """Return 8, 4, 2 or 1: the most that leaves each of PDQ's windows at least four pixels wide, so 512 pixels a side or more."""
    window = (min(width, height) + _WINDOWS - 1) // _WINDOWS
    return next((shrink for shrink in _SHRINKS if window >= _MIN_PIXELS_PER_WINDOW * shrink), 1)


def draft_image(image: ImageFile.ImageFile) -> int:
    """Tell the decoder of a JPEG what to leave out; return by how much the picture will be smaller."""
    width, height = image.size
    shrink = choose_shrink(width, height)
    wanted = (width + shrink - 1) // shrink, (height + shrink - 1) // shrink
    image.draft("L" if image.mode == "RGB" and not has_own_colours(image) else image.mode, (width // shrink, height // shrink))
    if image.size != wanted:
        raise ValueError("the decoder chose another size")
    return shrink


def is_one_pass(data: bytes) -> bool:
    """Return whether the rows come out as the file is read; else the decoder keeps up to 6 bytes for every pixel."""
    components = 0
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker in _WITHOUT_LENGTH:
            place += 1 if marker == 0xFF else 2
            continue
        if marker in _OTHER_FRAMES:
            return False
        if marker in _ONE_PASS_FRAMES and place + 9 < len(data):
            components = data[place + 9]
        if marker == _START_OF_SCAN:
            return components > 0 and data[place + 4 : place + 5] == bytes([components])
        place += 2 + int.from_bytes(data[place + 2 : place + 4])
    return False
