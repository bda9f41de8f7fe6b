# SPDX-License-Identifier: Apache-2.0
"""Puts right what holds no pixels in a file that its decoder refused: "Damage" in spec/fingerprint.md, here and in the portal alike.

Works on bytes alone; the result is still a stranger's file, and the decoder has the last word. Must never make up a pixel that a case
would store: `probe` is there so that the caller notices.
"""

from dataclasses import dataclass
from typing import BinaryIO

from stillmine.fingerprint.ground.limits import DEFAULT_LIMITS
from stillmine.fingerprint.structure.film_behind import before_films
from stillmine.fingerprint.structure.jpeg_segments import clean_jpeg
from stillmine.fingerprint.structure.png_chunks import SIGNATURE, clean_png

_FILLING = b"\x5a\xa5\x33\xcc" * 16
"""Bits that any decoder of ours makes other pixels of than of none."""

_JPEG_FILLING = _FILLING + b"".join(bytes([0xFF, marker]) + _FILLING for marker in range(0xD0, 0xD8))
"""With each restart marker: a decoder that waits for one passes over all bits in front of it."""

_JPEG_END = b"\xff\xd9"
_GIF_END = b"\0;"
_TRAILER = b";"
_IMAGE, _EXTENSION = b",", b"!"


@dataclass(frozen=True, slots=True)
class Mended:
    """A file to decode in the place of another."""

    data: bytes
    probe: bytes | None = None
    """The same with other bits where the file ends: if the pixels differ, some are missing. None where the decoder says so itself."""
    profile: bytes | None = None
    """The ICC profile, which was taken out."""
    goes_on: bool = False
    """Whether further pictures of an animation, or the remains of some, were taken out."""


def mend(data: bytes) -> Mended | None:
    """Return the file put right; None where there is nothing to put right."""
    if data.startswith(SIGNATURE):
        clean = clean_png(data)
        return Mended(clean.data, profile=clean.profile) if clean else None
    if data.startswith(b"\xff\xd8\xff"):
        whole = clean_jpeg(before_films(data))
        return Mended(whole + _JPEG_END, whole + _JPEG_FILLING + _JPEG_END)
    if data.startswith((b"GIF87a", b"GIF89a")):
        return _mend_gif(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return Mended(data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8:])
    return None


def mend_stream(stream: BinaryIO, max_file_bytes: int = DEFAULT_LIMITS.max_file_bytes) -> Mended | None:
    """Return an open file put right; None where there is nothing to put right, and of a file that is larger than pictures are."""
    stream.seek(0)
    data = stream.read(max_file_bytes + 1)
    return mend(data) if len(data) <= max_file_bytes else None


def _mend_gif(data: bytes) -> Mended | None:
    """The first picture alone: it is all that a still fingerprint looks at."""
    pixels = _first_pixels(data)
    if pixels is None:
        return None
    end = _after_blocks(data, pixels)
    if end <= len(data):
        return Mended(data[:end] + _TRAILER, goes_on=_has_picture(data, end))
    missing = end - 1 - len(data)
    filling = (_FILLING * 4)[:missing]
    return Mended(data + bytes(missing) + _GIF_END, data + filling + bytes([len(_FILLING)]) + _FILLING + _GIF_END)


def _first_pixels(data: bytes) -> int | None:
    """Where the first block of the first picture's pixels begins; None where the file ends before."""
    place = _after_extensions(data, 13 + _table_bytes(data, 10))
    if data[place : place + 1] != _IMAGE:
        return None
    return place + 11 + _table_bytes(data, place + 9)


def _has_picture(data: bytes, place: int) -> bool:
    place = _after_extensions(data, place)
    return data[place : place + 1] == _IMAGE


def _after_extensions(data: bytes, place: int) -> int:
    while data[place : place + 1] == _EXTENSION:
        place = _after_blocks(data, place + 2)
    return place


def _after_blocks(data: bytes, place: int) -> int:
    """Where a row of blocks ends, its last and empty one included; past the file's end where it is cut."""
    while place < len(data) and data[place]:
        place += 1 + data[place]
    return place + 1


def _table_bytes(data: bytes, place: int) -> int:
    flags = data[place] if place < len(data) else 0
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0
