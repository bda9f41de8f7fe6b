# SPDX-License-Identifier: Apache-2.0
"""Which way up a picture is, by its Exif: "Orientation" in spec/fingerprint.md, the same here and in portal/src/fingerprint/exif.ts.

Decoders follow such turns by rules of their own that differ. Must never raise: a camera's broken Exif must not cost a person the picture.
"""

from typing import Literal

UPRIGHT = 1

_ORIENTATION = 0x0112
_SHORT, _LONG = 3, 4
_HEADER = b"Exif\0"
_HEADER_BYTES = 6
_ENTRY_BYTES = 12
_MAXIMUM_HEADERS = 2
"""A PNG's reader sets one before what the chunk holds, which may begin with its own."""


def begins_exif(data: bytes) -> bool:
    """Return whether bytes begin as the Exif of a JPEG does: four letters, a zero and any byte."""
    return data.startswith(_HEADER) and len(data) > _HEADER_BYTES


def exif_of(orientation: int) -> bytes:
    """Return Exif, with its header, that says the orientation and nothing else."""
    return _HEADER + b"\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0" + bytes([orientation]) + bytes(6)


def read_orientation(exif: bytes) -> int:
    """Return the orientation, 1 to 8, of Exif with or without its header; 1 of what can't be read."""
    tiff = exif
    for _ in range(_MAXIMUM_HEADERS):
        tiff = tiff[_HEADER_BYTES:] if begins_exif(tiff) else tiff
    orders: dict[bytes, Literal["little", "big"]] = {b"II*\0": "little", b"MM\0*": "big"}
    order = orders.get(tiff[:4])
    if order is None:
        return UPRIGHT
    directory = int.from_bytes(tiff[4:8], order)
    count = int.from_bytes(tiff[directory : directory + 2], order)
    for place in range(directory + 2, min(directory + 2 + count * _ENTRY_BYTES, len(tiff) - _ENTRY_BYTES + 1), _ENTRY_BYTES):
        if int.from_bytes(tiff[place : place + 2], order) == _ORIENTATION:
            return _value(tiff[place : place + _ENTRY_BYTES], order)
    return UPRIGHT


def _value(entry: bytes, order: Literal["little", "big"]) -> int:
    """The first number of a SHORT or LONG; turns beyond 8 are none."""
    width = {_SHORT: 2, _LONG: 4}.get(int.from_bytes(entry[2:4], order), 0)
    value = int.from_bytes(entry[8 : 8 + width], order)
    return value if 1 <= value <= 8 else UPRIGHT
