# SPDX-License-Identifier: Apache-2.0
"""Made-up pictures that regions should find little in, or too much: what they share with each other must never be taken for a copy."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Picture = NDArray[np.uint8]
WIDTH, HEIGHT = 640, 480
WORDS = ("a", "at", "by", "and", "the", "year", "house", "window", "morning", "question", "everything")


def shapes(width: int, height: int, seed: int = 1) -> Picture:
    """A picture of overlapping ellipses of all sizes with sharp edges: it has detail of every size, as photographs do."""
    random = np.random.Generator(np.random.PCG64(seed))
    rows, columns = np.mgrid[0:height, 0:width]
    luma = np.full((height, width), 128.0)
    for _ in range(400):
        x, y, size = random.uniform(0, width), random.uniform(0, height), min(width, height) / 2 ** random.uniform(2, 6)
        inside = ((columns - x) / size) ** 2 + ((rows - y) / size / random.uniform(1, 2)) ** 2 < 1
        luma[inside] = (luma[inside] + random.uniform(0, 255)) / 2
    return as_picture(luma)


def as_picture(luma: NDArray[np.generic]) -> Picture:
    """Whole numbers from 0 to 255."""
    picture: Picture = np.clip(luma, 0, 255).astype(np.uint8)
    return picture


def photographed(picture: Picture, seed: int, deviation: float = 6) -> Picture:
    """With the grain of a camera, so that no two patches are quite the same."""
    grain = np.random.default_rng(seed).normal(0, deviation, picture.shape)
    return as_picture(picture + grain)


def noise(seed: int) -> Picture:
    return np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH), np.uint8)


def blocks(seed: int) -> Picture:
    tones = np.random.default_rng(seed).integers(0, 256, (HEIGHT // 40, WIDTH // 40), np.uint8)
    return np.kron(tones, np.ones((40, 40), np.uint8))


def clouds(seed: int) -> Picture:
    small = Image.fromarray(np.random.default_rng(seed).integers(0, 256, (9, 12), np.uint8))
    return np.asarray(small.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))


def checkerboard(seed: int) -> Picture:
    fields = np.indices((HEIGHT // 40, WIDTH // 40)).sum(0) % 2 * 200 + 20
    return photographed(np.kron(fields, np.ones((40, 40))).astype(np.uint8), seed)


def gradient(seed: int) -> Picture:
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    return photographed(as_picture(128 + 100 * np.sin((columns * np.cos(seed) + rows * np.sin(seed)) / 400)), seed, 2)


def tiles(seed: int) -> Picture:
    return photographed(np.tile(shapes(96, 96, seed), (5, 7)), seed)


def fence(seed: int) -> Picture:
    return photographed(np.tile(shapes(40, HEIGHT, seed), (1, 16)), seed)


def hair_lines(seed: int) -> Picture:
    """Sixty lines of one pixel, across each other."""
    ends = np.random.default_rng(seed).integers(0, WIDTH, (60, 4))
    page = Image.new("L", (WIDTH, HEIGHT), 255)
    draw = ImageDraw.Draw(page)
    for x, y, right, down in ends.tolist():
        draw.line((x, y, right, down), 0, 1)
    return np.asarray(page)


def crowd(seed: int) -> Picture:
    """One face drawn sixty times, larger and smaller, in other tones."""
    random = np.random.default_rng(seed)
    picture = Image.new("L", (WIDTH, HEIGHT), 90)
    draw = ImageDraw.Draw(picture)
    for number in range(63):
        x, y = number % 9 * 75 + int(random.integers(-14, 14)), number // 9 * 72 + int(random.integers(-12, 12))
        size, tone, hair = (int(random.integers(*limits)) for limits in ((20, 34), (120, 230), (0, 110)))
        head = (x - size, y - size * 1.3, x + size, y + size * 1.3)
        draw.ellipse(head, tone)
        draw.chord(head, 180, 360, hair)
        for eye in (x - size // 2, x + size // 2):
            draw.ellipse((eye - 3, y - 3, eye + 3, y + 3), 10)
        draw.line((x - size // 3, y + size * 0.7, x + size // 3, y + size * 0.7), 20, 3)
    return photographed(np.asarray(picture), seed)


def page(seed: int) -> Picture:
    """A photographed page of words."""
    random = np.random.default_rng(seed)
    picture = Image.new("L", (620, 877), 245)
    draw = ImageDraw.Draw(picture)
    for line in range(50):
        draw.text((40, 30 + 16 * line), " ".join(WORDS[place] for place in random.integers(0, len(WORDS), 18)), 20)
    return photographed(np.asarray(picture), seed, 3)


def transparent(seed: int) -> Picture:
    """Noise of three colours that is more and less transparent."""
    picture = np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH, 4), np.uint8)
    picture[..., 3] = clouds(seed)
    return picture


BAD: dict[str, Callable[[int], Picture]] = {
    "noise": noise,
    "blocks": blocks,
    "clouds": clouds,
    "a checkerboard": checkerboard,
    "a gradient": gradient,
    "tiles": tiles,
    "a fence": fence,
    "lines of one pixel": hair_lines,
    "a crowd": crowd,
    "a page": page,
    "transparent noise": transparent,
}
"""Each by a seed: another one of the same sort."""
