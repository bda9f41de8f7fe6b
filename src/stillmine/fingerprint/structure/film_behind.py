# SPDX-License-Identifier: Apache-2.0
"""The films that belong to a still picture: those behind a photograph (motion photo), and the sequence in a HEIF file.

Phones put an MP4 behind the JPEG, or into a box of the HEIC, and galleries play it. What a file says of itself elsewhere (XMP, a maker's
trailer) is not asked: the film's own head is looked for, so a film that nothing points to is found as well. Must never decode.
"""

import io
from collections.abc import Iterator
from itertools import chain, islice, pairwise
from typing import BinaryIO

from stillmine.fingerprint.ground.limits import DEFAULT_LIMITS
from stillmine.fingerprint.structure.boxes import as_movie, holds_sequence, starts_movie
from stillmine.fingerprint.structure.signatures import START_BYTES, Family, demuxers_of, family_of, is_avif

MAX_FILMS = 4
"""Behind one picture; phones put one there."""

_HEAD = b"ftyp"
_INDEX = b"moov"
_JPEG = b"\xff\xd8\xff"
_SMALLEST_HEAD = 16


def films_behind(stream: BinaryIO, max_file_bytes: int = DEFAULT_LIMITS.max_file_bytes) -> list[bytes]:
    """Return the films of a still picture, each as a file of its own; none of other files, or of pictures too large to be read."""
    stream.seek(0)
    start = stream.read(START_BYTES)
    is_boxes = start[4:8] == _HEAD and family_of(start) is Family.PICTURE
    if not is_boxes and not start.startswith(_JPEG):
        return []
    stream.seek(0)
    data = stream.read(max_file_bytes + 1)
    if len(data) > max_file_bytes:
        return []
    has_sequence = is_boxes and not is_avif(data) and holds_sequence(io.BytesIO(data))  # that of an AVIF is its animation
    films = [as_movie(data)] if has_sequence else []
    return [*films, *_appended(data)][:MAX_FILMS]


def before_films(data: bytes) -> bytes:
    """Return what stands in front of the first film's head, be it whole or not: all of a file that has none."""
    return data[: next(_heads(data), len(data))]


def _appended(data: bytes) -> list[bytes]:
    """Each from its head to the next one's, or to the end: what follows a film does not disturb its demuxer."""
    slices = (data[head:end] for head, end in pairwise(chain(_heads(data), [len(data)])))
    return list(islice((film for film in slices if _INDEX in film), MAX_FILMS))


def _heads(data: bytes) -> Iterator[int]:
    found = data.find(_HEAD, _SMALLEST_HEAD)
    while found >= 0:
        place = found - 4
        if starts_movie(data, place) and demuxers_of(data[place : place + _SMALLEST_HEAD]):
            yield place
        found = data.find(_HEAD, found + 4)
