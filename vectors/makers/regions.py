# SPDX-License-Identifier: Apache-2.0
"""Makes vectors/regions.json: the regions of pictures that every language can make for itself, or that lie in vectors/pixels.

Expected values come from the readable reference, never from the kernel. Must never be changed to make a failing kernel pass.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stillmine.fingerprint.picture import enrol_reference as enrolment
from stillmine.fingerprint.picture import patch_reference as patches
from stillmine.fingerprint.picture import regions_reference as reference
from vectors.makers.pdq import make_picture

Whole = NDArray[np.int64]
COUNT = 8
"""Regions of each view: enough to show where one differs, few enough to read."""
FRAMES = (
    (4096, 4096, 1000, 0, 0, 1000),
    (2000, 5000, 700, 500, -400, 900),
    (100, 8100, 1500, -300, 300, 1500),
    (-9000, 20000, 6000, 0, 0, 32767),
)
"""Whole inside, askew, over the edges, and far outside; in 1/8192 of width and height."""
COMMENT = (
    "Regions of pictures: spec/regions.md. Made by vectors/generate.py from the readable reference; pictures as in pdq.json. `base` gives "
    "the size of the base, and FNV-1a (32 bits) of it with its halvings. Of each view `regions` gives geometry, hash, mirrored hash (hex) "
    "and strength; `count` are asked for. `enrolled` gives geometry and hash of what a case is given, `value_fnv1a` the sum of its value "
    "with the PDQ 00 01 .. 1f. `places` are frames and their hashes. `refused` must fail with that status."
)

# name, width, height, format, cells across, cells down, seed, alpha
PATTERNS: tuple[tuple[str, int, int, str, int, int, int, str], ...] = (
    ("cells", 320, 240, "rgb8", 9, 7, 101, "none"),
    ("many cells, luma", 400, 300, "luma8", 37, 29, 102, "none"),
    ("larger than a base", 1100, 700, "rgb8", 17, 11, 103, "none"),
    ("alpha", 300, 200, "rgba8", 11, 9, 104, "cells"),
    ("much wider than high", 2600, 90, "luma8", 61, 3, 105, "none"),
    ("much higher than wide", 60, 1500, "luma8", 2, 41, 106, "none"),
    ("small, enlarged", 48, 40, "rgb8", 6, 5, 107, "none"),
    ("smallest", 5, 5, "rgb8", 5, 5, 108, "none"),
    ("every pixel its own", 90, 60, "luma8", 90, 60, 109, "none"),
    ("stripes", 300, 200, "luma8", 31, 1, 110, "none"),
    ("flat", 100, 100, "rgb8", 1, 1, 111, "none"),
)
FILES = (("chelsea", 181, 121), ("coat", 129, 163), ("rocket", 193, 97))
VIEWS = ((reference.AREA, 100), (4 * reference.AREA, 67), (reference.AREA, 150))
"""The first of every picture; the others, which take the reference long, of those below."""
IN_ALL_VIEWS = frozenset({"cells", "alpha", "much wider than high", "smallest", "chelsea"})
# name, width and height of a base that is all zeros, area, stretch, status
REFUSED = (
    ("no such area", 100, 100, 65535, 100, "bad_format"),
    ("stretched too little", 100, 100, 65536, 49, "bad_format"),
    ("stretched too much", 100, 100, 262144, 201, "bad_format"),
    ("larger than a base", 513, 512, 65536, 100, "image_too_large"),
    ("no width", 0, 100, 65536, 100, "image_too_small"),
)


def checksum(data: bytes) -> int:
    """Return FNV-1a of 32 bits, which every language can write in three lines."""
    value = 2166136261
    for byte in data:
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return value


def entries() -> list[dict[str, Any]]:
    """Return every picture without its expected values."""
    made: list[dict[str, Any]] = []
    for name, width, height, pixel_format, across, down, seed, alpha in PATTERNS:
        entry: dict[str, Any] = {"name": name, "width": width, "height": height, "format": pixel_format}
        made.append(entry | {"cells": [across, down], "seed": seed} | ({"alpha": alpha} if alpha != "none" else {}))
    for name, width, height in FILES:
        made.append({"name": name, "width": width, "height": height, "format": "rgb8", "file": f"{name}.rgb"})
    return made


def describe(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the vector with what the reference says."""
    picture = make_picture(entry)
    base = reference.base_of(reference.to_luma_sums(picture[..., 0] if picture.shape[2] == 1 else picture))
    levels = patches.halvings(base)
    data = np.concatenate([level.ravel() for level in levels]).astype(np.uint8).tobytes()
    places = [(list(frame), patches.hashes_of(levels, patches.frame_of_units(frame, base.shape))[0].hex()) for frame in FRAMES]
    enrolled = enrolment.enrol_regions(base)
    value = enrolment.value_of(base.shape, bytes(range(32)), enrolled)
    return entry | {
        "base": {"width": base.shape[1], "height": base.shape[0], "fnv1a": checksum(data)},
        "views": [_view(base, area, stretch) for area, stretch in VIEWS[: 3 if entry["name"] in IN_ALL_VIEWS else 1]],
        "enrolled": [f"{one.geometry.hex()} {one.hash.hex()}" for one in enrolled],
        "value_fnv1a": checksum(value) if value else None,
        "places": [{"frame": frame, "hash": value} for frame, value in places],
    }


def _view(base: Whole, area: int, stretch: int) -> dict[str, Any]:
    found = reference.find_regions(base, area, stretch, COUNT)
    frames = [list(patches.units_of_frame(patches.frame_of(one.geometry, base.shape, stretch), base.shape)) for one in found]
    regions = [f"{one.geometry.hex()} {one.hash.hex()} {one.mirrored.hex()} {one.strength}" for one in found]
    return {"area": area, "stretch": stretch, "count": COUNT, "regions": regions, "frames": frames}


def texts() -> dict[str, str]:
    """Return regions.json."""
    names = ("name", "width", "height", "area", "stretch", "status")
    document = {
        "_comment": COMMENT,
        "pictures": [describe(entry) for entry in entries()],
        "refused": [dict(zip(names, row, strict=True)) for row in REFUSED],
    }
    return {"regions.json": json.dumps(document, indent=1, ensure_ascii=False) + "\n"}
