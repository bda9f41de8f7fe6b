# SPDX-License-Identifier: Apache-2.0
"""The boxes of a file of boxes (MP4, MOV, HEIF, AVIF), and what of the outermost tells how a file is shown.

Sizes come from strangers: they are stepped over, never taken memory for. Must never look into a box that holds pictures.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

_MAX_BOXES = 10_000
_LONGEST_FILE_TYPE = 256
_SEQUENCE = b"moov"


@dataclass(frozen=True, slots=True)
class Box:
    """`start` is where its size stands, `body` what it holds; `end` may lie behind the end of the file."""

    kind: bytes
    start: int
    end: int
    body: int


def outer_boxes(stream: BinaryIO) -> Iterator[Box]:
    """Give the outermost boxes in order, as far as their sizes make sense."""
    length = stream.seek(0, io.SEEK_END)
    yield from _boxes(stream, 0, length)


def inner_boxes(stream: BinaryIO, box: Box) -> Iterator[Box]:
    """Give the boxes within one, in order; none goes beyond its end."""
    yield from (replace(inner, end=min(inner.end, box.end)) for inner in _boxes(stream, box.body, box.end))


def _boxes(stream: BinaryIO, place: int, end: int) -> Iterator[Box]:
    for _ in range(_MAX_BOXES):
        stream.seek(place)
        head = stream.read(min(16, max(0, end - place)))
        if len(head) < 8:
            return
        size, head_bytes = int.from_bytes(head[:4]), 8
        if size == 1:
            size, head_bytes = int.from_bytes(head[8:16]), 16
        if size == 0:
            size = end - place
        if size < head_bytes:
            return
        yield Box(head[4:8], place, place + size, place + head_bytes)
        place += size


def holds_sequence(stream: BinaryIO) -> bool:
    """Return whether a file of boxes has pictures in time, leaving the stream anywhere."""
    return any(box.kind == _SEQUENCE for box in outer_boxes(stream))


def with_brand(data: bytes, brand: bytes) -> bytes:
    """Return a file of boxes that says of itself that it is a `brand`: by that decoders choose between its still and its sequence."""
    return data[:8] + brand + data[12:]


def as_movie(data: bytes) -> bytes:
    """Return a picture file's sequence as a movie, which demuxers of video read; its stills are hidden from them."""
    return _without(with_brand(data, b"isom"), b"meta")


def without_sequence(data: bytes) -> bytes:
    """Return a picture file that holds its stills alone: a sequence that is damaged must not cost them."""
    return _without(data, _SEQUENCE) if holds_sequence(io.BytesIO(data)) else data


def _without(data: bytes, kind: bytes) -> bytes:
    """Places in the file stay as they are."""
    changed = bytearray(data)
    for box in outer_boxes(io.BytesIO(data)):
        if box.kind == kind:
            changed[box.start + 4 : box.start + 8] = b"free"
    return bytes(changed)


def starts_movie(data: bytes, place: int) -> bool:
    """Return whether the head of a movie stands at `place`, where its first box's size is."""
    size = int.from_bytes(data[place : place + 4])
    brand = data[place + 8 : place + 12]
    return 8 < size <= _LONGEST_FILE_TYPE and size % 4 == 0 and data[place + 4 : place + 8] == b"ftyp" and brand.isascii()
