# SPDX-License-Identifier: Apache-2.0
"""Makes vectors/pdq.json: what PDQ gives for pictures that every language can make for itself.

Expected hashes come from the slow reference, never from the kernel. A picture is taken only if rounding cannot
matter: apart from those marked `is_flat`, every coefficient keeps its distance from the median. Must never be changed to make a
failing kernel pass.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stillmine.fingerprint.picture import reference
from stillmine.fingerprint.picture.image import VARIANTS

PIXELS = Path(__file__).resolve().parents[1] / "pixels"
CHANNELS = {"luma8": 1, "rgb8": 3, "rgba8": 4}
SMALLEST_MARGIN = 1e-4
COMMENT = (
    "PDQ of pictures: spec/fingerprint.md. Made by vectors/generate.py from the readable reference. `cells` [across, down] and "
    "`seed` name a pattern of that page; `is_faint` means 112 + value / 8; alpha is the pattern of seed + 1, or 255; `file` names raw "
    "rows in vectors/pixels. `hashes` are in the order of `variants`, bit 255 first. `refused` must fail with that status: `rows` "
    "of the picture are given in all, and `is_begun` false means that begin is left out."
)

# name, width, height, format, cells across, cells down, seed, alpha
PATTERNS: tuple[tuple[str, int, int, str, int, int, int, str], ...] = (
    ("smallest", 5, 5, "rgb8", 5, 5, 1, "none"),
    ("smallest luma", 5, 5, "luma8", 5, 5, 2, "none"),
    ("a row of pixels wide", 300, 5, "rgb8", 23, 5, 3, "none"),
    ("a column of pixels tall", 5, 300, "rgb8", 5, 29, 4, "none"),
    ("one below the block", 63, 63, "rgb8", 17, 13, 5, "none"),
    ("the block itself", 64, 64, "rgb8", 17, 13, 6, "none"),
    ("one above the block", 65, 65, "luma8", 17, 13, 7, "none"),
    ("last size with windows of one", 128, 128, "rgb8", 19, 23, 8, "none"),
    ("first size with windows of two", 129, 129, "rgb8", 19, 23, 9, "none"),
    ("windows of two and one", 131, 67, "rgb8", 21, 11, 10, "none"),
    ("windows of two and three", 191, 257, "rgb8", 13, 37, 11, "none"),
    ("windows of three and two", 384, 255, "luma8", 37, 13, 12, "none"),
    ("windows of four", 512, 512, "rgb8", 31, 29, 13, "none"),
    ("every pixel its own", 160, 120, "rgb8", 160, 120, 14, "none"),
    ("opaque alpha", 200, 150, "rgba8", 29, 17, 15, "opaque"),
    ("alpha", 200, 150, "rgba8", 29, 17, 16, "cells"),
    ("alpha of every value", 256, 256, "rgba8", 256, 256, 17, "cells"),
    ("a screen", 1366, 768, "rgba8", 41, 37, 18, "opaque"),
    ("windows of 128 across", 16384, 9, "luma8", 97, 9, 19, "none"),
    ("windows of 128 down", 9, 16384, "luma8", 9, 97, 20, "none"),
    ("widest", 32768, 5, "luma8", 61, 5, 21, "none"),
    ("tallest", 5, 32768, "luma8", 5, 61, 22, "none"),
    ("faint, some detail", 300, 200, "rgb8", 11, 9, 26, "none"),
    ("faint, little detail", 640, 480, "rgb8", 5, 6, 27, "none"),
    ("faint luma, little detail", 90, 70, "luma8", 6, 7, 28, "none"),
    ("faint, much detail", 300, 200, "rgb8", 29, 25, 29, "none"),
    ("faint, every pixel its own", 320, 210, "rgb8", 320, 210, 30, "none"),
    ("flat", 100, 100, "rgb8", 1, 1, 23, "none"),
    ("flat, windows of four", 512, 512, "rgb8", 1, 1, 24, "none"),
    ("stripes", 300, 200, "rgb8", 31, 1, 25, "none"),
)
FILES = (("chelsea", 181, 121), ("coat", 129, 163), ("rocket", 193, 97))
# name, width, height, format number, rows given, is_begun, status
REFUSED = (
    ("no width", 0, 10, 3, 0, True, "image_too_small"),
    ("no height", 10, 0, 3, 0, True, "image_too_small"),
    ("one pixel", 1, 1, 3, 1, True, "image_too_small"),
    ("one row", 100, 1, 3, 1, True, "image_too_small"),
    ("four columns", 4, 100, 3, 100, True, "image_too_small"),
    ("too wide", 32769, 5, 1, 0, True, "image_too_large"),
    ("too tall", 5, 32769, 1, 0, True, "image_too_large"),
    ("too many pixels", 32768, 8193, 1, 0, True, "image_too_large"),
    ("no such format", 10, 10, 2, 10, True, "bad_format"),
    ("format zero", 10, 10, 0, 10, True, "bad_format"),
    ("no rows", 10, 10, 3, 0, True, "too_few_rows"),
    ("a row is missing", 10, 10, 3, 9, True, "too_few_rows"),
    ("a row too many", 10, 10, 3, 11, True, "too_many_rows"),
    ("never begun", 10, 10, 3, 10, False, "wrong_order"),
)


def make_cells(width: int, height: int, channels: int, cells: tuple[int, int], seed: int) -> NDArray[np.uint8]:
    """Return the pattern of spec/fingerprint.md as (height, width, channels): one colour per cell, from 32-bit integer mixing."""
    across = (np.arange(width, dtype=np.uint64) * np.uint64(cells[0]) // np.uint64(width))[None, :, None]
    down = (np.arange(height, dtype=np.uint64) * np.uint64(cells[1]) // np.uint64(height))[:, None, None]
    channel = np.arange(channels, dtype=np.uint64)[None, None, :]
    low = np.uint64(0xFFFFFFFF)
    mixed = (across * np.uint64(73856093) ^ down * np.uint64(19349663) ^ channel * np.uint64(83492791) ^ np.uint64(seed * 2654435761)) & low
    mixed = ((mixed ^ mixed >> np.uint64(13)) * np.uint64(1274126177)) & low
    return np.asarray((mixed ^ mixed >> np.uint64(16)) & np.uint64(255)).astype(np.uint8)


def make_picture(entry: dict[str, Any]) -> NDArray[np.uint8]:
    """Return the pixels of a vector as (height, width, channels)."""
    width, height, channels = entry["width"], entry["height"], CHANNELS[entry["format"]]
    if "file" in entry:
        return np.frombuffer((PIXELS / entry["file"]).read_bytes(), np.uint8).reshape(height, width, channels)
    cells = (entry["cells"][0], entry["cells"][1])
    picture = make_cells(width, height, channels, cells, entry["seed"])
    if entry.get("is_faint"):
        picture = (112 + picture // 8).astype(np.uint8)
    if channels == 4:
        alpha = make_cells(width, height, 1, cells, entry["seed"] + 1)[..., 0]
        picture[..., 3] = alpha if entry["alpha"] == "cells" else 255
    return picture


def describe(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the vector with what the reference says; raises ValueError if rounding could decide a bit."""
    picture = make_picture(entry)
    if picture.shape[2] == 1:
        picture = picture[..., 0]
    blocks = reference.sample_turns(picture)
    margin = min(reference.smallest_margin(reference.transform(block)) for block in blocks)
    if margin < SMALLEST_MARGIN and not entry.get("is_flat"):
        raise ValueError(f"{entry['name']}: a coefficient lies {margin:.1e} from the median; take another seed")
    hashes, quality = reference.hash_blocks(blocks)
    return entry | {"hashes": [value.hex() for value in hashes], "quality": quality}


def entries() -> list[dict[str, Any]]:
    """Return every picture without its expected values."""
    made: list[dict[str, Any]] = []
    for name, width, height, pixel_format, across, down, seed, alpha in PATTERNS:
        entry: dict[str, Any] = {
            "name": name,
            "width": width,
            "height": height,
            "format": pixel_format,
            "cells": [across, down],
            "seed": seed,
        }
        entry |= {"alpha": alpha} if alpha != "none" else {}
        entry |= {"is_faint": True} if name.startswith("faint") else {}
        made.append(entry | ({"is_flat": True} if down == 1 else {}))
    for name, width, height in FILES:
        made.append({"name": name, "width": width, "height": height, "format": "rgb8", "file": f"{name}.rgb"})
    return made


def texts() -> dict[str, str]:
    """Return pdq.json."""
    names = ("name", "width", "height", "format_number", "rows", "is_begun", "status")
    document = {
        "_comment": COMMENT,
        "variants": list(VARIANTS),
        "pictures": [describe(entry) for entry in entries()],
        "refused": [dict(zip(names, row, strict=True)) for row in REFUSED],
    }
    return {"pdq.json": json.dumps(document, indent=1, ensure_ascii=False) + "\n"}
