# SPDX-License-Identifier: Apache-2.0
"""The robustness bench's copies, templates and rooms are what their names say: readable, the same each time, and drawn as a chart."""

import io
import math
from xml.etree import ElementTree

import numpy as np
import pytest
from chart import Row, draw
from photo_copies import COPIES, Copy
from PIL import Image
from region_false import at_most
from rooms import ROOMS
from templates import FAMILIES, HELD_BACK


def _picture(number: int, size: tuple[int, int] = (320, 420)) -> Image.Image:
    """Coarse noise, which no two numbers share."""
    noise = np.random.Generator(np.random.PCG64(number)).integers(0, 255, (12, 9, 3), np.uint8)
    return Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)


def _copy(name: str) -> Copy:
    return next(copy for copy in COPIES if copy.name == name)


OTHERS = [_picture(number) for number in (2, 3, 4)]


@pytest.mark.parametrize("copy", COPIES, ids=lambda copy: f"{copy.group}: {copy.name}")
def test_a_copy_is_a_picture_and_the_same_each_time(copy: Copy) -> None:
    made = copy.make(_picture(1), OTHERS)
    with Image.open(io.BytesIO(made)) as opened:
        assert min(opened.size) >= 40
    assert made == copy.make(_picture(1), OTHERS)
    assert made != copy.make(_picture(5), OTHERS)


def test_names_are_there_once() -> None:
    names = [(copy.group, copy.name) for copy in COPIES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(("name", "size"), [("squeezed to a square", (400, 400)), ("collage of four, squeezed", (800, 800))])
def test_sizes(name: str, size: tuple[int, int]) -> None:
    with Image.open(io.BytesIO(_copy(name).make(_picture(1), OTHERS))) as opened:
        assert opened.size == size


def test_a_quarter_has_a_quarter() -> None:
    with Image.open(io.BytesIO(_copy("a quarter of the area").make(_picture(1), []))) as opened:
        assert opened.size == (160, 210)


@pytest.mark.parametrize("name", [*FAMILIES, *HELD_BACK])
def test_a_template_shows_other_things_on_the_same_ground(name: str) -> None:
    draw_family = (FAMILIES | HELD_BACK)[name]
    one, again, other = (np.asarray(draw_family(_picture(number), number)).astype(int) for number in (1, 1, 2))
    assert (one == again).all()
    assert one.shape == other.shape
    assert (one == other).mean() < 1


@pytest.mark.parametrize("name", ROOMS)
def test_two_pictures_of_a_room_differ(name: str) -> None:
    pictures = [_picture(number) for number in range(10, 15)]
    first, second = ROOMS[name](3, pictures)
    again = ROOMS[name](3, pictures)
    assert first.size == second.size
    assert first.tobytes() == again[0].tobytes()
    assert first.tobytes() != second.tobytes()


def test_a_chart_is_well_formed_and_stays_inside() -> None:
    rows = [Row("a & b", "1 % < 2 %", (0, 0.5, 1)), Row("a & b", "other", (1, 1, 1))]
    root = ElementTree.fromstring(draw("shares", ["one", "two", "three"], rows))
    width = float(root.attrib["viewBox"].split()[2])
    centres = [float(mark.attrib["cx"]) for mark in root.iter("{http://www.w3.org/2000/svg}circle")]
    assert len(centres) == 2 + 2 * len(rows)
    assert max(centres) < width


@pytest.mark.parametrize(("seen", "limit"), [(0, -math.log(0.05)), (1, 4.744), (5, 10.513), (100, 118.08)])
def test_the_upper_end_of_an_interval(seen: int, limit: float) -> None:
    """As in tables of exact Poisson intervals."""
    assert at_most(seen) == pytest.approx(limit, abs=0.005)
