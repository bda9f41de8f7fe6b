# SPDX-License-Identifier: Apache-2.0
"""The value of kind `regions`: patches of one picture, each with a hash and a place, as bytes in base64url without padding.

Bytes alone are read here: what a hash and a place mean belongs to `matching`. Two values that say the same are never two texts.
Contract: spec/regions.md, "Value".
"""

import struct
from collections.abc import Sequence
from typing import NamedTuple

from stillmine.wire.base64url import base64url_bytes, base64url_length, base64url_text
from stillmine.wire.errors import FingerprintMalformedError

LEAST_REGIONS = 6
"""A picture with fewer has no value of this kind."""

MOST_REGIONS = 36
REGION_HASH_BYTES = 32
REGION_PLACE_BYTES = 5
REGION_BYTES = REGION_HASH_BYTES + REGION_PLACE_BYTES
REGIONS_AREA = 65_536
"""Pixels of the small view: a value says its width and height, and a tenth more or less is rounding."""

_FORMAT = 1
_HEAD = struct.Struct("<BBHH32s")
MOST_REGIONS_SIGNS = base64url_length(_HEAD.size + MOST_REGIONS * REGION_BYTES)


class RegionsValue(NamedTuple):
    """What a value says: width and height of the small view in pixels, the `pdq` of the whole picture, and for each region 37 bytes."""

    width: int
    height: int
    pdq: bytes
    regions: bytes

    @property
    def hashes(self) -> list[bytes]:
        """The hash of each region, 32 bytes."""
        return [self.regions[start : start + REGION_HASH_BYTES] for start in range(0, len(self.regions), REGION_BYTES)]

    @property
    def places(self) -> list[bytes]:
        """Where each region is, 5 bytes."""
        return [self.regions[start - REGION_PLACE_BYTES : start] for start in range(REGION_BYTES, len(self.regions) + 1, REGION_BYTES)]


def parse_regions(text: str) -> RegionsValue:
    """Read the text form; raises FingerprintMalformedError, which repeats nothing of it."""
    data = base64url_bytes(text) if len(text) <= MOST_REGIONS_SIGNS else None
    if data is None:
        raise FingerprintMalformedError(f"regions: base64url without padding, at most {MOST_REGIONS_SIGNS} signs")
    return read_regions(data)


def read_regions(data: bytes) -> RegionsValue:
    """Read the bytes that the text form stands for; raises FingerprintMalformedError."""
    if len(data) < _HEAD.size:
        raise FingerprintMalformedError("regions: cut")
    version, count, width, height, pdq = _HEAD.unpack_from(data)
    if version != _FORMAT:
        raise FingerprintMalformedError(f"regions: format {_FORMAT}")
    if not LEAST_REGIONS <= count <= MOST_REGIONS or len(data) != _HEAD.size + count * REGION_BYTES:
        raise FingerprintMalformedError(f"regions: {LEAST_REGIONS} to {MOST_REGIONS}, {REGION_BYTES} bytes each")
    value = RegionsValue(width, height, pdq, data[_HEAD.size :])
    if not is_of_small_view(width, height):
        raise FingerprintMalformedError(f"regions: width and height of a picture of {REGIONS_AREA} pixels")
    if _has_twice(value.hashes) or _has_twice(value.places):
        raise FingerprintMalformedError("regions: no hash and no place twice")
    return value


def regions_bytes(value: RegionsValue) -> bytes:
    """Return the bytes of a value; raises FingerprintMalformedError where they could not be read again."""
    count = len(value.regions) // REGION_BYTES
    try:
        data = _HEAD.pack(_FORMAT, count, value.width, value.height, value.pdq) + value.regions
    except struct.error:
        raise FingerprintMalformedError("regions: a number beyond its bytes") from None
    if read_regions(data) != value:
        raise FingerprintMalformedError(f"regions: a pdq of {REGION_HASH_BYTES} bytes")
    return data


def format_regions(value: RegionsValue) -> str:
    """Return the text form; raises FingerprintMalformedError where it could not be read again."""
    return base64url_text(regions_bytes(value))


def is_of_small_view(width: int, height: int) -> bool:
    """Whether these can be the sides of a picture that was scaled to 65,536 pixels, within a tenth."""
    return abs(width * height - REGIONS_AREA) * 10 <= REGIONS_AREA


def _has_twice(parts: Sequence[bytes]) -> bool:
    return len(set(parts)) < len(parts)
