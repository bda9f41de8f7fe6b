# SPDX-License-Identifier: Apache-2.0
"""The eleven altered copies of the demo, made the way they come about in life.

Six that PDQ alone has to stop, three that regions have to find (a crop, words across the picture, a screenshot of a post), and two (a
caption, a screenshot) that PDQ finds where the strip or the bars are recognised as such. How each comes out is found out by asking the
partner, never assumed here.
"""

import io
from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageEnhance, ImageFont, ImageOps


class Needs(Enum):
    """What a copy has to be stopped by; the demo insists on it."""

    PDQ = "pdq"
    REGIONS = "regions"
    """Where the case holds regions: a few pictures have none."""
    NOTHING = "nothing"
    """Shown as it comes out."""


class AlteredCopy(NamedTuple):
    """One copy: what was done, its file bytes, and what stops it."""

    name: str
    data: bytes
    needs: Needs


def altered_copies(photograph: bytes) -> list[AlteredCopy]:
    """Return the eleven copies of a photograph given as file bytes."""
    original = ImageOps.exif_transpose(Image.open(io.BytesIO(photograph))).convert("RGB")
    return [AlteredCopy(name, make(original), needs) for name, make, needs in _EDITS]


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


def _cropped(image: Image.Image) -> bytes:
    """A sixth less on each side."""
    across, down = image.width // 6, image.height // 6
    return _saved(image.crop((across, down, image.width - across, image.height - down)))


def _words_across(image: Image.Image) -> bytes:
    """Two lines, white with a black edge, each a tenth of the picture's height."""
    marked = image.copy()
    size = max(14, image.height // 10)
    draw = ImageDraw.Draw(marked)
    for line, words in enumerate(("LOOK AT THIS", "send it to all your friends")):
        place = (image.width * 0.06, image.height * (0.18 + 0.55 * line))
        draw.text(place, words, fill="white", font=ImageFont.load_default(size=size), stroke_width=size // 12, stroke_fill="black")
    return _saved(marked)


def _post(image: Image.Image) -> bytes:
    """A post on a phone, as PNG: who posted it and words above, the picture as wide as the screen, comments below."""
    width, height = 720, 1560
    screen = Image.new("RGB", (width, height), (247, 247, 249))
    draw = ImageDraw.Draw(screen)
    big, small = ImageFont.load_default(size=30), ImageFont.load_default(size=24)
    draw.text((28, 22), "14:05", fill="black", font=big)
    draw.ellipse((28, 92, 100, 164), fill=(120, 150, 190))
    draw.text((122, 96), "somebody", fill="black", font=big)
    draw.text((122, 134), "3 hours ago", fill=(110, 110, 110), font=small)
    draw.text((28, 190), "You won't believe who this is", fill="black", font=big)
    shown = ImageOps.contain(image, (width, 800))
    screen.paste(shown, ((width - shown.width) // 2, 250))
    below = 250 + shown.height + 24
    draw.text((28, below), "214 likes   37 comments   Share", fill=(70, 70, 70), font=small)
    for line, comment in enumerate(("first!", "who is that?", "I know her, she was in my class")):
        draw.text((28, below + 60 + 48 * line), comment, fill="black", font=small)
    buffer = io.BytesIO()
    screen.save(buffer, "PNG")
    return buffer.getvalue()


_EDITS: tuple[tuple[str, Callable[[Image.Image], bytes], Needs], ...] = (
    ("saved again as JPEG, quality 40", lambda image: _saved(image, 40), Needs.PDQ),
    ("half size", _half_size, Needs.PDQ),
    ("mirrored", lambda image: _saved(ImageOps.mirror(image)), Needs.PDQ),
    ("rotated by 90°", lambda image: _saved(image.transpose(Image.Transpose.ROTATE_90)), Needs.PDQ),
    ("brighter", _brighter, Needs.PDQ),
    ("greyscale", lambda image: _saved(ImageOps.grayscale(image)), Needs.PDQ),
    ("caption bar added below", _caption_below, Needs.NOTHING),
    ("screenshot on a phone, PNG", _screenshot, Needs.NOTHING),
    ("cropped to the middle", _cropped, Needs.REGIONS),
    ("words across it", _words_across, Needs.REGIONS),
    ("screenshot of a post, PNG", _post, Needs.REGIONS),
)
