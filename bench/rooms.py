# SPDX-License-Identifier: Apache-2.0
"""Different pictures of one place, made of photographs: what regions, unlike PDQ, may recognise without it being a copy.

Nobody is in them: a person is an outline filled with another photograph. Everything is drawn from a number, the same each time.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import numpy as np
from photo_edits import Picture
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

SIZE = (900, 1200)
ROOM = (1000, 1340)
"""More than is seen of it at once: each moment sees another part."""
Scene = tuple[Picture, Picture]
"""Two pictures that are no copies of each other."""


def outline(size: tuple[int, int], drawn: random.Random, share: float) -> Picture:
    """Return the mask of a head and shoulders, standing, that covers about a share of a picture."""
    width, height = size
    mask = Image.new("L", size)
    draw = ImageDraw.Draw(mask)
    across = width * (0.5 + drawn.uniform(-0.1, 0.1))
    body = min(0.95 * width, share * width * height / (0.74 * height))
    top = height * (0.28 + drawn.uniform(-0.03, 0.03))
    draw.rounded_rectangle((across - body / 2, top, across + body / 2, height * 1.1), round(body * 0.3), fill=255)
    head = body * drawn.uniform(0.2, 0.26)
    draw.ellipse((across - head, top - head * 2.1, across + head, top + head * 0.3), fill=255)
    lean = mask.rotate(drawn.uniform(-6, 6), Image.Resampling.BICUBIC, center=(across, height))
    return lean.filter(ImageFilter.GaussianBlur(2))


def with_person(room: Picture, person: Picture, drawn: random.Random, share: float) -> Picture:
    """Return the room with an outline in front, filled with another photograph."""
    made = room.copy()
    made.paste(ImageOps.fit(person, room.size), (0, 0), outline(room.size, drawn, share))
    return made


def at_a_moment(room: Picture, drawn: random.Random, apart: float) -> Picture:
    """Return what a camera in somebody's hand sees of a room: shifted, turned, nearer, other light, grain, by how far moments are apart."""
    turned = room.rotate(drawn.uniform(-4, 4) * apart, Image.Resampling.BICUBIC)
    width, height = (round(side * (1 - drawn.uniform(0.04, 0.04 + 0.16 * apart))) for side in room.size)
    left = round((room.width - width) * (0.5 + drawn.uniform(-0.5, 0.5) * apart))
    top = round((room.height - height) * (0.5 + drawn.uniform(-0.5, 0.5) * apart))
    seen = turned.resize(SIZE, Image.Resampling.LANCZOS, (left, top, left + width, top + height))
    lit = ImageEnhance.Brightness(seen).enhance(1 + drawn.uniform(-0.25, 0.25) * apart)
    pixels = np.asarray(lit).astype(np.float32)
    pixels += np.random.Generator(np.random.PCG64(drawn.randrange(1 << 30))).normal(0, 5, pixels.shape)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _two(number: int, pictures: Sequence[Picture], share: float, apart: float, *, is_one_person: bool) -> Scene:
    drawn = random.Random(number)
    room = ImageOps.fit(pictures[0], ROOM)
    first, second = (at_a_moment(room, drawn, apart) for _ in range(2))
    people = (pictures[1], pictures[1] if is_one_person else pictures[2])
    if is_one_person:
        pose = drawn.randrange(1 << 30)
        people_drawn = (random.Random(pose), random.Random(pose if apart < 0.5 else drawn.randrange(1 << 30)))
    else:
        people_drawn = (drawn, drawn)
    return with_person(first, people[0], people_drawn[0], share), with_person(second, people[1], people_drawn[1], share)


def another_person(share: float) -> Callable[[int, Sequence[Picture]], Scene]:
    """Two people in one room at different moments, each covering a share of the picture."""
    return lambda number, pictures: _two(number, pictures, share, 1, is_one_person=False)


def same_frame(share: float) -> Callable[[int, Sequence[Picture]], Scene]:
    """Two people in one studio: the camera stands still, only the person changes."""
    return lambda number, pictures: _two(number, pictures, share, 0, is_one_person=False)


def another_moment(number: int, pictures: Sequence[Picture]) -> Scene:
    """One person in one room at two moments, in other poses."""
    return _two(number, pictures, 0.4, 1, is_one_person=True)


def burst(number: int, pictures: Sequence[Picture]) -> Scene:
    """Two pictures within a second: the hand moved a little, the person hardly."""
    return _two(number, pictures, 0.4, 0.15, is_one_person=True)


def poster(share: float) -> Callable[[int, Sequence[Picture]], Scene]:
    """One poster, of a share of the picture, in two rooms with two people."""

    def make(number: int, pictures: Sequence[Picture]) -> Scene:
        drawn = random.Random(number)
        made = []
        for room, person in ((pictures[1], pictures[2]), (pictures[3], pictures[4])):
            wall = ImageOps.fit(room, ROOM)
            hung = ImageOps.contain(pictures[0], (round(ROOM[0] * share**0.5), round(ROOM[1] * share**0.5)))
            left = drawn.randrange(ROOM[0] // 12, max(ROOM[0] // 12 + 1, ROOM[0] * 11 // 12 - hung.width))
            wall.paste(hung, (left, ROOM[1] // 14))
            made.append(with_person(at_a_moment(wall, drawn, 0.5), person, drawn, 0.25))
        return made[0], made[1]

    return make


ROOMS: dict[str, Callable[[int, Sequence[Picture]], Scene]] = {
    "one room, another person (20 %), another moment": another_person(0.2),
    "one room, another person (40 %), another moment": another_person(0.4),
    "one room, another person (60 %), another moment": another_person(0.6),
    "one studio, camera still, another person (20 %)": same_frame(0.2),
    "one studio, camera still, another person (40 %)": same_frame(0.4),
    "one studio, camera still, another person (60 %)": same_frame(0.6),
    "one room and person (40 %), another moment": another_moment,
    "burst: the same within a second": burst,
    "one poster (10 %), other rooms, other people": poster(0.1),
    "one poster (25 %), other rooms, other people": poster(0.25),
}
