# SPDX-License-Identifier: Apache-2.0
"""Makes vectors/region_matching.json: made-up regions of stored pictures and of queries, where these lie, and what the second look says."""

import base64
import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stillmine.matching.region_frames import Frames, Map, affine, frames_through, radii
from stillmine.matching.region_look import look, places, to_wire, verdict
from stillmine.matching.region_pdq import implied_map
from stillmine.matching.region_refine import Located, located
from stillmine.matching.region_values import (
    QueryRegions,
    StoredRegions,
    View,
    distances_between,
    query_regions,
    stored_regions,
)
from stillmine.matching.region_words import describe

COMMENT = (
    "Regions of made-up pictures: spec/matching.md, Regions. `stored` is a value (base64), `query` the views of an upload (width, height, "
    "base64 of 69 bytes a region). `pairs` are all within 31 bits: [stored, query, bits]. `places`: for each place found its map (rows), "
    "support, frames on the wire (zeros where not visible), `hashes` (base64) of what is there, what the look says, and the transform in "
    "data. `implied` are maps of matches by PDQ: [width, height, turn, box] and the map. Made by vectors/generate.py."
)
SIZE = (296, 222)
REGIONS = 14
STRANGERS = 12


@dataclass(frozen=True)
class Scene:
    """How a query is made of a stored picture: `kept` regions are found again, the first `alike` of them within 31 bits."""

    name: str
    map: Map
    kept: int = 10
    alike: int = 4
    stretch: float = 1.0
    is_mirrored: bool = False
    covered: tuple[int, ...] = ()
    """Regions that something covers when the query is looked at."""


def _turned(degrees: float, scale: float, shift: tuple[float, float], side: float = 1.0) -> Map:
    angle = math.radians(degrees)
    turn = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return affine(turn @ np.diag([side, 1.0]), np.array(shift, np.float64))


def scenes() -> list[Scene]:
    """Return what the vectors show."""
    tilted = _turned(3, 0.9, (12, 8))
    tilted[2, 0] = 0.25 / SIZE[0]
    return [
        Scene("turned and smaller", _turned(12, 0.7, (60, 10))),
        Scene("mirrored", _turned(-8, 0.8, (270, 40), side=-1.0), is_mirrored=True),
        Scene("squeezed, found in a stretched view", affine(np.diag([0.8, 1.0]), np.array([30.0, 0.0])), stretch=1.25),
        Scene("seen from the side", tilted, kept=14, alike=5),
        Scene("two pairs alone", _turned(0, 1.4, (-60, -40)), kept=2, alike=2),
        Scene("one pair, and others that lie where it says", _turned(30, 0.6, (120, 20)), kept=5, alike=1),
        Scene("one pair alone", _turned(30, 0.6, (120, 20)), kept=1, alike=1),
        Scene("half of it covered", _turned(0, 1.0, (0, 0)), covered=(1, 3, 5, 7, 9, 11)),
        Scene("an interface alone", _turned(0, 1.0, (0, 0)), kept=3, alike=3, covered=tuple(range(3, 14))),
        Scene("no region in common", _turned(0, 1.0, (0, 0)), kept=0, alike=0),
    ]


def _packed(frames: Frames, width: float, height: float) -> NDArray[np.uint8]:
    """Return the 5 bytes (n, 5) of the circles that are nearest to frames in a picture of this size."""
    x, y = (np.clip(np.rint(frames[:, axis] / side * 4096), 0, 4095).astype(int) for axis, side in ((0, width), (1, height)))
    radius = np.clip(np.rint(48 * np.log2(radii(frames) / 6)), 0, 255).astype(int)
    angle = np.rint(np.arctan2(frames[:, 3], frames[:, 2]) * 128 / np.pi).astype(int) % 256
    return np.stack([x >> 4, (x & 15) << 4 | y >> 8, y & 255, radius, angle], axis=1).astype(np.uint8)


def _flipped(random: np.random.Generator, values: NDArray[np.uint8], bits: int) -> NDArray[np.uint8]:
    changed = np.unpackbits(values, axis=1)
    for row in changed:
        row[random.choice(256, bits, replace=False)] ^= 1
    return np.packbits(changed, axis=1)


def _strange(random: np.random.Generator, count: int) -> NDArray[np.uint8]:
    return random.integers(0, 256, (count, 32), dtype=np.uint8)


def _some_frames(random: np.random.Generator, count: int, width: float, height: float) -> NDArray[np.uint8]:
    radius = random.uniform(14, 40, count)
    x, y = random.uniform(radius, width - radius), random.uniform(radius, height - radius)
    angle = random.uniform(0, 2 * np.pi, count)
    across, down = radius * np.cos(angle), radius * np.sin(angle)
    return _packed(np.stack([x, y, across, down, -down, across], axis=1), width, height)


def _stored_value(random: np.random.Generator) -> bytes:
    head = bytes([1, REGIONS]) + b"".join(side.to_bytes(2, "little") for side in SIZE) + _strange(random, 1).tobytes()
    return head + np.concatenate([_strange(random, REGIONS), _some_frames(random, REGIONS, *SIZE)], axis=1).tobytes()


def _view(random: np.random.Generator, stored: StoredRegions, scene: Scene) -> View:
    width, height = round(SIZE[0] * math.sqrt(scene.stretch)), round(SIZE[1] / math.sqrt(scene.stretch))
    into = affine(np.diag([width / SIZE[0], height / SIZE[1]]), np.zeros(2)) @ scene.map
    geometry = np.concatenate(
        [_packed(frames_through(into, stored.frames[: scene.kept]), width, height), _some_frames(random, STRANGERS, width, height)]
    )
    near = _flipped(random, stored.hashes[: scene.alike], 14)
    far = _flipped(random, stored.hashes[scene.alike : scene.kept], 62)
    own = np.concatenate([near, far, _strange(random, STRANGERS)])
    other = _strange(random, len(own))
    both = (other, own) if scene.is_mirrored else (own, other)
    return View(width, height, np.concatenate([*both, geometry], axis=1).tobytes())


def _place(random: np.random.Generator, stored: StoredRegions, query: QueryRegions, scene: Scene, place: Located) -> dict[str, Any]:
    is_visible, frames = places(stored.frames, place.map, query.width, query.height)
    hashes = _flipped(random, stored.hashes, 30)
    for number in scene.covered:
        hashes[number] = _flipped(random, stored.hashes[number : number + 1], 70 if number % 4 == 1 else 126)[0]
    seen = look(stored, is_visible, hashes)
    made = describe(place.map, (stored.width, stored.height), (query.width, query.height))
    return {
        "map": [[_short(number) for number in row] for row in place.map.tolist()],
        "support": place.support,
        "frames": (to_wire(frames, query.width, query.height) * is_visible[:, None]).tolist(),
        "hashes": _text(hashes.tobytes()),
        "visible": seen.visible,
        "agreeing": seen.agreeing,
        "share": _short(seen.share),
        "spread": _short(seen.spread),
        "verdict": verdict(seen).value,
        "transform": {
            "share": _short(made.share),
            "where": made.where.value,
            "share_of_query": _short(made.share_of_query),
            "turned_degrees": made.turned_degrees,
            "is_mirrored": made.is_mirrored,
            "stretched_percent": made.stretched_percent,
        },
    }


def vector(number: int, scene: Scene) -> dict[str, Any]:
    """Return one scene with all that is found in it."""
    random = np.random.default_rng(1000 + number)
    value = _stored_value(random)
    stored = stored_regions(value)
    view = _view(random, stored, scene)
    query = query_regions(*SIZE, [view])
    distances = distances_between(stored.hashes, query.hashes)
    rows, columns = np.nonzero(distances <= 31)
    pairs = np.stack([rows, columns], axis=1)
    return {
        "name": scene.name,
        "stored": _text(value),
        "query": {"width": SIZE[0], "height": SIZE[1], "views": [[view.width, view.height, _text(view.regions)]]},
        "pairs": [[*pair, int(distances[tuple(pair)])] for pair in pairs.tolist()],
        "places": [_place(random, stored, query, scene, place) for place in located(stored, query, pairs, distances[rows, columns])],
    }


def implied(number: int) -> dict[str, Any]:
    """Return the map that a match by PDQ in one of the eight turns implies."""
    box = (10.0, 20.0, 200.0, 180.0)
    map_ = implied_map(296, 222, number, box)
    return {"width": 296, "height": 222, "turn": number, "box": list(box), "map": [[_short(one) for one in row] for row in map_.tolist()]}


def texts() -> dict[str, str]:
    """Return region_matching.json."""
    lists = {
        "scenes": [vector(number, scene) for number, scene in enumerate(scenes())],
        "implied": [implied(number) for number in range(8)],
    }
    parts = [f' "{name}": [\n' + ",\n".join(f"  {json.dumps(one)}" for one in rows) + "\n ]" for name, rows in lists.items()]
    return {"region_matching.json": f'{{\n "_comment": {json.dumps(COMMENT)},\n' + ",\n".join(parts) + "\n}\n"}


def _short(number: float) -> float:
    """Return a number with what no processor changes."""
    return float(f"{number:.6g}") if abs(number) > 1e-9 else 0.0


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
