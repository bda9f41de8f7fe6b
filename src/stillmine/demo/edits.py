# SPDX-License-Identifier: Apache-2.0
"""The eight altered copies of the demo, made the way they come about in life.

Six that must be stopped and two (a caption, a screenshot) that depend on whether the strip or the bars are recognised as
such; how those come out is found out by asking the partner, never assumed here.
"""

import io
from collections.abc import Callable
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageEnhance, ImageFont, ImageOps


class AlteredCopy(NamedTuple):
    """One copy: what was done, its file bytes, and whether the demo insists that it is stopped."""

    name: str
    data: bytes
    must_be_stopped: bool


def altered_copies(photograph: bytes) -> list[AlteredCopy]:
    """Return the eight copies of a photograph given as file bytes."""
    original = ImageOps.exif_transpose(Image.open(io.BytesIO(photograph))).convert("RGB")
    return [AlteredCopy(name, make(original), must_be_stopped) for name, make, must_be_stopped in _EDITS]


def _saved(image: Image.Image, quality: int = 85) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _half_size(image: Image.Image) -> bytes:
    return _saved(image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS))


def _brighter(image: Image.Image) -> bytes:
    return _saved(ImageEnhance.Brightness(image).enhance(1.25))


def _caption_below(image: Image.Image) -> bytes:
    """A white strip below with words on it, a sixth of the picture's height."""
    strip = max(24, image.height // 6)
    canvas = Image.new("RGB", (image.width, image.height + strip), "white")
    canvas.paste(image, (0, 0))
    font = ImageFont.load_default(size=strip * 0.45)
    ImageDraw.Draw(canvas).text((strip * 0.3, image.height + strip * 0.2), "look at this", fill="black", font=font)
    return _saved(canvas)


def _screenshot(image: Image.Image) -> bytes:
    """The picture on a phone's screen, bars above and below, as PNG."""
    width, height = 720, 1560
    screen = Image.new("RGB", (width, height), (18, 18, 20))
    shown = ImageOps.contain(image, (width, height - 260))
    screen.paste(shown, ((width - shown.width) // 2, 130 + (height - 260 - shown.height) // 2))
    draw = ImageDraw.Draw(screen)
    draw.text((28, 22), "14:05", fill="white", font=ImageFont.load_default(size=30))
    draw.rectangle((width - 90, 28, width - 34, 52), outline="white", width=3)
    draw.rounded_rectangle((width // 2 - 110, height - 26, width // 2 + 110, height - 18), radius=4, fill="white")
    buffer = io.BytesIO()
    screen.save(buffer, "PNG")
    return buffer.getvalue()


_EDITS: tuple[tuple[str, Callable[[Image.Image], bytes], bool], ...] = (
    ("saved again as JPEG, quality 40", lambda image: _saved(image, 40), True),
    ("half size", _half_size, True),
    ("mirrored", lambda image: _saved(ImageOps.mirror(image)), True),
    ("rotated by 90°", lambda image: _saved(image.transpose(Image.Transpose.ROTATE_90)), True),
    ("brighter", _brighter, True),
    ("greyscale", lambda image: _saved(ImageOps.grayscale(image)), True),
    ("caption bar added below", _caption_below, False),
    ("screenshot on a phone, PNG", _screenshot, False),
)
