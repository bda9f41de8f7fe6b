# SPDX-License-Identifier: Apache-2.0
"""Makes vectors/kinds.json: one made-up fingerprint of each kind that a case may hold.

Values are SHA-256 of words, cut to the length of their kind, so they belong to no file. Must never be made of a file.
"""

import json
from collections.abc import Callable
from hashlib import sha256

from stillmine.wire.chromaprint import format_chromaprint
from stillmine.wire.kinds import ACCEPTED_KINDS, KIND_RULES, Kind
from stillmine.wire.regions import RegionsValue, format_regions

PICTURE_QUALITY = 90
VIDEO_FRAMES = 12
SOUND_VALUES = 120
SOUND_VALUE_BYTES = 4
REGION_COLUMNS, REGION_ROWS = 4, 3
REGION_UNITS = 4096
"""Places of regions are in this part of a picture's width and height."""

COMMENT = "One made-up fingerprint of each kind that a case may hold: all tests that walk the kinds read it. Made by vectors/generate.py."


def sample_bytes(name: str) -> bytes:
    """Return 32 bytes that stand for a name."""
    return sha256(f"stillmine kind sample {name}".encode()).digest()


def vpdq_text() -> str:
    """Return a video of one frame each second."""
    frames = [f"{sample_bytes(f'frame {place}').hex()},{PICTURE_QUALITY},{place}.0" for place in range(VIDEO_FRAMES)]
    return json.dumps(frames, separators=(",", ":"))


def chromaprint_text() -> str:
    """Return a sound whose values are drawn from their places."""
    return format_chromaprint([int.from_bytes(sample_bytes(f"sound {place}")[:SOUND_VALUE_BYTES]) for place in range(SOUND_VALUES)])


def regions_text() -> str:
    """Return a picture with a region in the middle of each of twelve fields."""
    regions = b""
    for number in range(REGION_COLUMNS * REGION_ROWS):
        row, column = divmod(number, REGION_COLUMNS)
        x, y = (2 * column + 1) * REGION_UNITS // (2 * REGION_COLUMNS), (2 * row + 1) * REGION_UNITS // (2 * REGION_ROWS)
        name = sample_bytes(f"region {number}")
        regions += name + (x << 12 | y).to_bytes(3) + bytes([60 + number, name[0]])
    return format_regions(RegionsValue(296, 222, sample_bytes("pdq"), regions))


TEXTS: dict[Kind, Callable[[], str]] = {Kind.VPDQ: vpdq_text, Kind.CHROMAPRINT: chromaprint_text, Kind.REGIONS: regions_text}
"""Kinds whose values have no fixed length; a new one of these adds its text here."""


def sample(kind: Kind) -> dict[str, str | int]:
    """Return a kind's value and quality."""
    rule = KIND_RULES[kind]
    value = sample_bytes(kind)[: rule.fixed_bytes].hex() if rule.fixed_bytes else TEXTS[kind]()
    quality = rule.read(value)
    return {"value": value, "quality": PICTURE_QUALITY if quality is None else quality}


def texts() -> dict[str, str]:
    """Return kinds.json."""
    samples = {kind: sample(kind) for kind in KIND_RULES if kind in ACCEPTED_KINDS}
    return {"kinds.json": json.dumps({"_comment": COMMENT, "kinds": samples}, indent=1) + "\n"}
