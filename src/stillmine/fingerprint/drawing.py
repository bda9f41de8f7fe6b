# SPDX-License-Identifier: Apache-2.0
"""Two pictures side by side, with the places of A and where they should lie in B: what `stillmine compare --draw` writes.

What is told apart by colour is told apart by shape too. The drawing shows both pictures: whoever made it has them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from stillmine.fingerprint.explain_regions import RegionsCompared, Seen
from stillmine.fingerprint.ground.guard import guarded
from stillmine.fingerprint.ground.limits import DEFAULT_LIMITS
from stillmine.fingerprint.picture.decode import decode_image
from stillmine.fingerprint.picture.query import upright_pixels
from stillmine.fingerprint.picture.stored_pictures import stored_pictures
from stillmine.matching.region_frames import Floats
from stillmine.wire.errors import NotConfiguredError

PANEL = 720
"""Pixels: the longer side of each picture."""
MARGIN = 24
TITLE = 40
LINE = 30

AGREES = (0, 114, 178)
DIFFERS = (213, 94, 0)
UNSEEN = (95, 95, 95)
"""Blue and vermilion of Okabe and Ito, which people who see fewer colours tell apart; the shapes differ as well."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Panel:
    """A picture on the canvas; `left` and `top` are its corner there."""

    image: Image.Image
    left: int
    top: int

    def place(self, points: Floats, size: tuple[int, int]) -> list[Point]:
        """Return where points (n, 2) of a picture of this size lie on the panel."""
        scale = np.array([self.image.width / size[0], self.image.height / size[1]])
        return [(float(x), float(y)) for x, y in points * scale]

    def on_canvas(self, point: Point) -> Point:
        """Return where a point of the panel lies on the canvas."""
        return self.left + point[0], self.top + point[1]


@guarded()
def draw(first: Path, second: Path, found: RegionsCompared) -> Image.Image:
    """Return the drawing of two picture files that were compared; raises a MediaError."""
    left = _shown(first, 0)
    right = _shown(second, found.best.number if found.best is not None else 0)
    a = _Panel(left, MARGIN, TITLE)
    b = _Panel(right, 2 * MARGIN + left.width, TITLE)
    legend = list(_legend(found))
    bottom = TITLE + max(left.height, right.height) + MARGIN
    width = max(b.left + right.width + MARGIN, 2 * MARGIN + PANEL)
    canvas = Image.new("RGB", (width, bottom + len(legend) * LINE + MARGIN // 2), "white")
    pen = ImageDraw.Draw(canvas)
    joined = _draw_places(found.best, a, b) if found.best is not None else []
    for panel, title in ((a, "A, as in a case"), (b, "B, asked about")):
        canvas.paste(panel.image, (panel.left, panel.top))
        pen.text((panel.left, 10), title, fill="black", font=_font(20))
    for ends in joined:
        _line(pen, ends, AGREES, 2)
    for row, (colour, words) in enumerate(legend):
        _draw_row(pen, bottom + row * LINE, colour, words)
    return canvas


def require_new(path: Path) -> None:
    """Raise NotConfiguredError for a path that no drawing may be written to: it must never replace a picture."""
    if path.suffix.lower() != ".png":
        raise NotConfiguredError("--draw: the name of the drawing has to end in .png")
    if path.exists() or path.is_symlink():
        raise NotConfiguredError("--draw: this file already exists; choose another name")
    if not path.parent.is_dir():
        raise NotConfiguredError("--draw: there is no such folder")


def write(drawing: Image.Image, path: Path) -> None:
    """Write a drawing into a new file that only its owner may read; raises NotConfiguredError."""
    require_new(path)
    try:
        path.touch(0o600, exist_ok=False)
    except OSError as error:
        raise NotConfiguredError(f"--draw: {error.strerror}") from None
    try:
        with path.open("wb") as stream:
            drawing.save(stream, "PNG")
    except OSError as error:
        path.unlink(missing_ok=True)
        raise NotConfiguredError(f"--draw: {error.strerror}") from None


def _shown(path: Path, number: int) -> Image.Image:
    """A picture of a file, upright, on white, as long as a panel; grey, as it is compared, so that colours are those of the signs alone."""
    pictures, _ = stored_pictures(path.read_bytes(), DEFAULT_LIMITS)
    picture = pictures[number]
    pixels = upright_pixels(decode_image(picture.data, DEFAULT_LIMITS, picture.place, is_asking=True))
    image = Image.fromarray(pixels)
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    scale = PANEL / max(image.size)
    return image.convert("L").convert("RGB").resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))


def _draw_places(seen: Seen, a: _Panel, b: _Panel) -> list[list[Point]]:
    """Draw onto both panels; return the ends, on the canvas, of the lines that join what agrees."""
    stored = (seen.stored.width, seen.stored.height)
    centres = a.place(seen.stored.frames[:, :2], stored)
    there = b.place(seen.frames[:, :2], seen.size)
    on_a, on_b = ImageDraw.Draw(a.image), ImageDraw.Draw(b.image)
    agreeing = np.flatnonzero(seen.is_there).tolist()
    for number in agreeing:
        _box(on_a, a.place(_corners(seen.stored.frames[number]), stored))
        _box(on_b, b.place(_corners(seen.frames[number]), seen.size))
    for number in np.flatnonzero(~seen.is_visible).tolist():
        _ring(on_a, centres[number], UNSEEN)
    for number in np.flatnonzero(seen.is_visible & ~seen.is_there).tolist():
        _cross(on_a, centres[number])
        _cross(on_b, there[number])
    return [[a.on_canvas(centres[number]), b.on_canvas(there[number])] for number in agreeing]


def _corners(frame: Floats) -> Floats:
    """The four corners (4, 2) of a patch: centre and two half axes."""
    centre, across, down = frame[:2], frame[2:4], frame[4:6]
    return np.array([centre - across - down, centre + across - down, centre + across + down, centre - across + down])


def _line(pen: ImageDraw.ImageDraw, points: list[Point], colour: tuple[int, int, int], width: int) -> None:
    """On white, so that it is seen on any picture."""
    pen.line(points, fill="white", width=width + 2, joint="curve")
    pen.line(points, fill=colour, width=width, joint="curve")


def _box(pen: ImageDraw.ImageDraw, corners: list[Point]) -> None:
    _line(pen, [*corners, corners[0]], AGREES, 3)


def _cross(pen: ImageDraw.ImageDraw, at: Point, arm: float = 9) -> None:
    x, y = at
    strokes: Iterable[list[Point]] = ([(x - arm, y - arm), (x + arm, y + arm)], [(x - arm, y + arm), (x + arm, y - arm)])
    for width, colour in ((8, "white"), (4, DIFFERS)):
        for stroke in strokes:
            pen.line(stroke, fill=colour, width=width)


def _ring(pen: ImageDraw.ImageDraw, at: Point, colour: tuple[int, int, int], radius: float = 7) -> None:
    x, y = at
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), outline="white", width=4)
    pen.ellipse((x - radius + 1, y - radius + 1, x + radius - 1, y + radius - 1), outline=colour, width=2)


def _legend(found: RegionsCompared) -> Iterator[tuple[tuple[int, int, int] | None, str]]:
    """Rows of the legend: the colour of the sign before each, and its words."""
    seen = found.best
    if seen is None:
        yield None, "No places of A lie in B as they lie in A."
        return
    agreeing = int(seen.is_there.sum())
    visible = int(seen.is_visible.sum())
    yield AGREES, f"box, joined by a line: the same in both ({agreeing})"
    yield DIFFERS, f"cross: B should show it, and shows something else there ({visible - agreeing})"
    yield UNSEEN, f"ring: outside B, or too small in it to be compared ({len(seen.stored) - visible})"


def _draw_row(pen: ImageDraw.ImageDraw, top: int, colour: tuple[int, int, int] | None, words: str) -> None:
    x, y = MARGIN + 12, top + 14
    if colour == AGREES:
        _box(pen, [(x - 10, y - 10), (x + 10, y - 10), (x + 10, y + 10), (x - 10, y + 10)])
    elif colour == DIFFERS:
        _cross(pen, (x, y))
    elif colour is not None:
        _ring(pen, (x, y), colour)
    pen.text((MARGIN + (36 if colour is not None else 0), top + 2), words, fill="black", font=_font(18))


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=size)
