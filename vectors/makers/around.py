# SPDX-License-Identifier: Apache-2.0
"""Makes vectors/trims.json and vectors/bars.json: what stands around a picture, and around those of a video.

A picture is painted by rectangles, so that every language can make it. Which ones is drawn from numbers, and the numbers were chosen so
that each threshold of kernel/src/trims.c and bars.c, moved by one step, changes an answer: tests/kernel/test_around.py moves them.
"""

import json
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stillmine.fingerprint.ground import _kernel

Paint = tuple[int, int, int, int, int, int, int]
"""Left, top, right, bottom, first, across, down: a pixel is first + across * its column + down * its row, modulo 256."""

TRIMS = (49, 116, 131, 132, 174, 423, 589, 882)
BARS = (0, 75, 95, 2365)

TRIMS_COMMENT = (
    "Pictures within pictures: kernel/include/stillmine/trims.h. `paint` is a list of rectangles over black luma: [left, top, right, "
    "bottom, first, across, down], where a pixel is first + across * column + down * row within the rectangle, modulo 256. `parts` are "
    "[left, top, right, bottom, what was found above, below, left, right]. Made by vectors/generate.py."
)
BARS_COMMENT = (
    "Bars of videos: kernel/include/stillmine/bars.h. `pictures` are painted in grey as those of trims.json are; `bounds` lie between the "
    "bars. `close` are other bounds, and whether fingerprints within both are as good as the same. Made by vectors/generate.py."
)


def paint(width: int, height: int, rectangles: list[Paint]) -> NDArray[np.uint8]:
    """Return a picture (height, width)."""
    picture = np.zeros((height, width), np.int64)
    for left, top, right, bottom, first, across, down in rectangles:
        rows, columns = np.arange(bottom - top), np.arange(right - left)
        picture[top:bottom, left:right] = first + across * columns[None, :] + down * rows[:, None]
    return (picture % 256).astype(np.uint8)


def trims_recipe(seed: int) -> dict[str, Any]:
    """Return a picture with bars, words and blurred edges, drawn from a number."""
    random = Random(seed)
    width, height = random.choice([(200, 200), (200, 260), (260, 200), (520, 200), (200, 400), (320, 320), (345, 207)])
    ground = random.choice([0, 0, 0, 5, 6, 128, 250])
    paints: list[Paint] = [(0, 0, width, height, ground, 0, 0)]
    top, bottom, left, right = (random.choice([0, 0, 3, 4, 5, 8, 20, 30, 41, 60, 80]) for _ in range(4))
    right, bottom = width - right, height - bottom
    for depth in range(random.choice([1, 1, 1, 2, 3, 5])):
        if right - left < 70 or bottom - top < 70:
            break
        step = random.choice([4, 6, 7, 8, 12, 13, 14, 40, 100])
        is_textured = depth or random.random() < 0.8
        texture = (random.randrange(256), random.choice([101, 37, 3]), random.choice([57, 91, 5])) if is_textured else (ground + step, 0, 0)
        paints.append((left, top, right, bottom, *texture))
        left, top = left + random.choice([0, 0, 12, 20]), top + random.choice([0, 12, 20])
        right, bottom = right - random.choice([0, 0, 12, 20]), bottom - random.choice([0, 12, 20])
        if random.random() < 0.5 and right > left and bottom > top:
            paints.append((left, top, right, bottom, random.choice([0, ground, 255]), 0, 0))
            left, top, right, bottom = left + 6, top + 6, right - 6, bottom - 6
    for _ in range(random.choice([0, 0, 1, 2, 4])):
        across, down = random.randrange(width - 8), random.choice([random.randrange(height - 8), random.randrange(24), height - 30])
        far = min(width, across + random.choice([2, 5, 9, 10, 11, 20, 100, 119, 120, 121, 160, width]))
        paints.append((across, down, far, min(height, down + random.choice([1, 2, 6, 9, 10, 11, 12, 20])), random.choice([60, 255]), 0, 0))
    for _ in range(random.choice([0, 0, 1])):
        edge = random.choice([top, bottom - 1])
        paints.append(
            (0, max(0, edge), width, min(height, max(0, edge) + random.choice([1, 2, 9, 10, 11])), random.choice([5, 7, 30]), 0, 0)
        )
    return {"width": width, "height": height, "paint": [one for one in paints if one[0] < one[2] and one[1] < one[3]]}


def aimed_recipes() -> list[dict[str, Any]]:
    """Return pictures for what is seldom drawn: sampling, the least that is left, what follows a bar, a bar within a bar."""
    texture = (17, 101, 57)
    made: list[dict[str, Any]] = [
        {"width": width, "height": 200, "paint": [(0, 0, width, 30, 0, 128, 0), (0, 30, width, 200, *texture)]} for width in (510, 512)
    ]
    for height, left_over in ((400, 79), (400, 80), (200, 63), (200, 64)):
        made.append({"width": 200, "height": height, "paint": [(0, height - left_over, 200, height, *texture)]})
    for height in (120, 196):
        end: list[Paint] = [(0, 30, 100, 31, 255, 0, 0), (100, 30, 200, 31, 190, 0, 0)]
        after: list[Paint] = [(0, 31, 200, 32, 0, 0, 0), (0, 32, 200, 33, 128, 0, 0), (0, 32, 80, 33, 0, 0, 0), (0, 33, 200, 34, 0, 0, 0)]
        made.append({"width": 200, "height": height, "paint": [(0, 30, 200, height, *texture), *end, *after]})
    nested: list[Paint] = []
    for depth in range(6):
        across, down = 20 * depth, 14 * depth  # wider than what is looked at beyond the end of a bar
        row, column = ((0, 255), (128, 64))[depth % 2]
        nested.append((across, down, 400 - across, 400 - down, row, 0, 0))
        nested.append((across, down + 14, 400 - across, 386 - down, column, 0, 0))
        nested.append((across + 20, down + 14, 380 - across, 386 - down, *texture))
    return [*made, {"width": 400, "height": 400, "paint": nested}]


def bars_recipe(seed: int) -> dict[str, Any]:
    """Return pictures of a video with bars, drawn from a number, and bounds near to what will be found."""
    random = Random(seed)
    width, height = (random.choice([50, 63, 64, 65, 99, 100, 101, 128, 129, 199, 200, 333]) for _ in range(2))
    pictures = []
    for _ in range(random.choice([1, 1, 2])):
        sides = [[0, 1, length // 50, -(-length // 50), length // 5, length * 3 // 10, length * 3 // 10 + 1] for length in (width, height)]
        left, right, top, bottom = (random.choice(sides[side // 2]) for side in range(4))
        edge = [random.choice([0, 1, -(-length // 64), -(-length // 64) + 1]) for length in (width, height)]
        paints: list[Paint] = [(0, 0, width, height, random.choice([0, 23, 24, 25]), 0, 0)]
        paints.append((left, top, width - right, height - bottom, random.choice([25, 60, 95, 96, 97]), 0, 0))
        paints.append((left + edge[0], top + edge[1], width - right - edge[0], height - bottom - edge[1], random.choice([97, 200]), 0, 0))
        pictures.append([one for one in paints if one[0] < one[2] and one[1] < one[3]])
    shifts = [[random.choice([0, 0, 1, length // 200, -(-length // 200)]) for length in (width, height)] for _ in range(2)]
    return {"width": width, "height": height, "pictures": pictures, "shifts": shifts}


def trims_vector(made: dict[str, Any]) -> dict[str, Any]:
    """Return a recipe's picture with its parts."""
    found = _kernel.find_parts(paint(made["width"], made["height"], made["paint"]))
    return made | {"parts": [[*bounds, *sides] for *bounds, sides in found]}


def bars_vector(seed: int) -> dict[str, Any]:
    """Return one video, what lies between its bars, and which bounds are close to that."""
    made = bars_recipe(seed)
    width, height = made["width"], made["height"]
    rows, columns = bytearray(height), bytearray(width)
    for picture in made["pictures"]:
        grey = paint(width, height, picture)
        _kernel.learn_bars(np.stack([grey] * 3, axis=-1), rows, columns)
    bounds = _kernel.find_bars(rows, columns)
    left, top, right, bottom = bounds
    close = []
    for across, down in made.pop("shifts"):
        other = (left + across, top + down, right, bottom)
        close.append({"other": list(other), "is_close": _kernel.are_close_bounds(bounds, other, width, height)})
    return made | {"bounds": list(bounds), "close": close}


def texts() -> dict[str, str]:
    """Return trims.json and bars.json."""
    return {
        "trims.json": _document(TRIMS_COMMENT, "trims", [trims_vector(made) for made in (*map(trims_recipe, TRIMS), *aimed_recipes())]),
        "bars.json": _document(BARS_COMMENT, "bars", [bars_vector(seed) for seed in BARS]),
    }


def _document(comment: str, name: str, vectors: list[dict[str, Any]]) -> str:
    rows = ",\n".join(f"  {json.dumps(vector)}" for vector in vectors)
    return f'{{\n "_comment": {json.dumps(comment)},\n "{name}": [\n{rows}\n ]\n}}\n'
