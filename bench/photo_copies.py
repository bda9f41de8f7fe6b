# SPDX-License-Identifier: Apache-2.0
"""All copies that the robustness bench asks about: single edits, several edits one after the other, and pictures of pictures.

A copy may need other pictures beside it (a collage): they are given, and never among those that are stored. As with `photo_edits`, nothing
here is tuned to what any fingerprint can or can't see through.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from photo_edits import EDITS, Change, Picture, saved
from PIL import Image, ImageFilter, ImageOps

SEVERAL = "several"
FROM_THE_SIDE = "pictures of pictures"
PLACED = "parts and places"
TOO_SMALL = "crop 20, then a quarter of the size"
"""Leaves some 90 to 130 pixels of most photographs: shown, and asked for nothing."""
COLLAGE_SIDE = 400


class Copy(NamedTuple):
    """One way to make a copy from a picture and from others that it may be laid beside or upon."""

    group: str
    name: str
    make: Callable[[Picture, Sequence[Picture]], bytes]


def seen_from_the_side(picture: Picture, pull: float = 0.12) -> Picture:
    """Return the picture with both right corners pulled in by a share of its height, the rest black."""
    width, height = picture.size
    corners = [(0.0, 0.0), (width, height * pull), (width, height * (1 - pull)), (0.0, height)]
    sources = [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)]
    rows, values = [], []
    for (x, y), (u, v) in zip(corners, sources, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    map_back = np.linalg.solve(np.array(rows, float), np.array(values, float))
    return picture.transform(picture.size, Image.Transform.PERSPECTIVE, map_back.tolist(), Image.Resampling.BICUBIC)


def photo_of_a_screen(picture: Picture) -> bytes:
    """As another phone sees a screen: from the side, the grid of its points, brighter, grainy, a little out of focus."""
    pixels = np.asarray(seen_from_the_side(picture, 0.08)).astype(np.float64)
    down, across = np.mgrid[: pixels.shape[0], : pixels.shape[1]]
    grid = 1 + 0.06 * np.sin(across * 2.1) * np.sin(down * 1.9)
    seen = 255 * np.clip(pixels * grid[..., None] / 255, 0, 1) ** 0.85
    seen += np.random.Generator(np.random.PCG64(5)).normal(0, 7, seen.shape)
    shot = Image.fromarray(np.clip(seen, 0, 255).astype(np.uint8))
    return saved(shot.filter(ImageFilter.GaussianBlur(1)), 70)


def collage(picture: Picture, others: Sequence[Picture]) -> bytes:
    """Four squares, the picture squeezed into the first, three others cut to fit."""
    side = COLLAGE_SIDE
    made = Image.new("RGB", (2 * side, 2 * side))
    made.paste(picture.resize((side, side), Image.Resampling.LANCZOS), (0, 0))
    for number, other in enumerate(others[:3], 1):
        made.paste(ImageOps.fit(other, (side, side)), (side * (number % 2), side * (number // 2)))
    return saved(made, 80)


def on_another(picture: Picture, other: Picture, share: float) -> bytes:
    """Return the picture laid on another one, of whose area it covers a share (less where it would not fit)."""
    ground = other.copy()
    wanted = (share * ground.width * ground.height / (picture.width * picture.height)) ** 0.5
    scale = min(wanted, 0.98 * ground.width / picture.width, 0.98 * ground.height / picture.height)
    laid = picture.resize((max(32, round(picture.width * scale)), max(32, round(picture.height * scale))), Image.Resampling.LANCZOS)
    ground.paste(laid, ((ground.width - laid.width) // 3, (ground.height - laid.height) // 2))
    return saved(ground, 80)


def part_of(picture: Picture, share: float) -> Picture:
    """Return a part with a share of the area, off the middle, the same place every time."""
    width, height = round(picture.width * share**0.5), round(picture.height * share**0.5)
    left, top = round((picture.width - width) * 0.3), round((picture.height - height) * 0.65)
    return picture.crop((left, top, left + width, top + height))


def _alone(group: str, name: str, make: Callable[[Picture], bytes]) -> Copy:
    return Copy(group, name, lambda picture, _others: make(picture))


def _jpeg(group: str, name: str, change: Change) -> Copy:
    return _alone(group, name, lambda picture: saved(change(picture)))


def _several(name: str, *steps: tuple[str, str]) -> Copy:
    """Edits by group and name, each made of the file that the one before it gave."""
    makers = [next(edit.make for edit in EDITS if (edit.group, edit.name) == step) for step in steps]

    def make(picture: Picture) -> bytes:
        data = b""
        for number, maker in enumerate(makers):
            data = maker(_decoded(data) if number else picture)
        return data

    return _alone(SEVERAL, name, make)


def _decoded(data: bytes) -> Picture:
    with Image.open(io.BytesIO(data)) as opened:
        return opened.convert("RGB")


def _cropped(percent: int) -> tuple[str, str]:
    return ("cropped at every side", f"{percent} %")


COPIES: tuple[Copy, ...] = (
    *(_alone(edit.group, edit.name, edit.make) for edit in EDITS),
    _several("crop 10, then words", _cropped(10), ("captions", "words on the picture")),
    _several("crop 10, then mirrored", _cropped(10), ("mirrored", "left to right")),
    _several(
        "4:5 post, strip above, a post's screenshot",
        ("chains", "Instagram-like, always cut to 4:5"),
        ("captions", "strip above, white"),
        ("screenshot", "a post, PNG"),
    ),
    _several("three emoji, then 4:5 post", ("covered", "three emoji"), ("chains", "Instagram-like, always cut to 4:5")),
    _several("turned and cropped 5°, then vivid", ("turned and cropped", "5°"), ("filters", "vivid")),
    _several("gallery screenshot, then blurred ground", ("screenshot", "gallery, JPEG"), ("bars", "blurred ground")),
    _several("three bars, then a post's screenshot", ("covered", "three black bars"), ("screenshot", "a post, sent on")),
    _several("words, WhatsApp-like, crop 4", ("captions", "words on the picture"), ("chains", "WhatsApp-like"), _cropped(4)),
    _several(TOO_SMALL, _cropped(20), ("size", "25 %")),
    _jpeg(FROM_THE_SIDE, "squeezed to a square", lambda picture: picture.resize((COLLAGE_SIDE, COLLAGE_SIDE), Image.Resampling.LANCZOS)),
    Copy(FROM_THE_SIDE, "collage of four, squeezed", collage),
    _jpeg(FROM_THE_SIDE, "seen from the side", seen_from_the_side),
    _alone(FROM_THE_SIDE, "photo of a screen", photo_of_a_screen),
    _jpeg(PLACED, "half of the area", lambda picture: part_of(picture, 0.5)),
    _jpeg(PLACED, "a quarter of the area", lambda picture: part_of(picture, 0.25)),
    Copy(PLACED, "on another picture, half of it", lambda picture, others: on_another(picture, others[0], 0.5)),
    Copy(PLACED, "on another picture, a fifth of it", lambda picture, others: on_another(picture, others[0], 0.2)),
)
