# SPDX-License-Identifier: Apache-2.0
"""Which parts of a track are shown, and when: the edit list of an MP4 or MOV. Contract: spec/video.md, "Edit lists".

FFmpeg's own reading of a list shows some of what was cut away; `is_simple` names the lists of which it does not. Must never call a part
shown that was cut away, and never take a stranger's sizes for memory.
"""

import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import BinaryIO, NamedTuple

from stillmine.fingerprint.structure.boxes import Box, inner_boxes, outer_boxes

MAXIMUM_EDITS = 256
NORMAL_RATE = 0x10000
EMPTY = -1
_HEAD_BYTES = 8
_HEADER_BYTES = 112


class Part(NamedTuple):
    """Ticks of the track, as it counts without its list: shown is what begins at `begin` or later and before `end`, None for the last.

    `shown` is when that is, in ticks of the track from the beginning of what is shown.
    """

    begin: int
    end: int | None
    shown: int


@dataclass(frozen=True, slots=True)
class ShownParts:
    """`parts` in the order in which they are shown: none where the track has no list, None where it can't be followed.

    `is_simple`: FFmpeg shows the same by itself.
    """

    parts: tuple[Part, ...] | None
    is_simple: bool


WHOLE = ShownParts((), is_simple=True)
_NOT_FOLLOWED = ShownParts(None, is_simple=False)


class _Edit(NamedTuple):
    """`duration` in ticks of the movie, `begin` in those of the track."""

    duration: int
    begin: int
    rate: int


def shown_parts(stream: BinaryIO, track_id: int) -> ShownParts:
    """Return what is shown of the track with an id, leaving the stream anywhere.

    It can't be followed where it has another speed than the normal one, shows nothing at all, or has more than 256 entries.
    """
    movie = next((box for box in outer_boxes(stream) if box.kind == b"moov"), None)
    track = movie and _track(stream, movie, track_id)
    if movie is None or track is None:
        return WHOLE
    edits = _edits(stream, track)
    if not edits:
        return _NOT_FOLLOWED if edits is None else WHOLE
    movie_scale = _number(stream, _inner(stream, movie, b"mvhd"))
    track_scale = _number(stream, _inner(stream, _inner(stream, track, b"mdia"), b"mdhd"))
    is_fragmented = _inner(stream, movie, b"mvex") is not None
    return _parts(edits, Fraction(track_scale, movie_scale), is_fragmented) if movie_scale and track_scale else _NOT_FOLLOWED


def _parts(edits: list[_Edit], scale: Fraction, is_fragmented: bool) -> ShownParts:
    shown_edits = [edit for edit in edits if edit.begin != EMPTY]
    if not shown_edits or any(edit.rate != NORMAL_RATE for edit in shown_edits):
        return _NOT_FOLLOWED
    is_lone = len(shown_edits) == 1 and edits[-1] is shown_edits[0]
    is_open = is_lone and (is_fragmented or edits[-1].duration == 0)
    parts = []
    shown = 0
    for duration, begin, _ in edits:
        if begin != EMPTY and (duration > 0 or is_open):
            parts.append(Part(begin, None if is_open else begin + _rounded(duration * scale), _rounded(shown * scale)))
        shown += duration
    return ShownParts(tuple(parts), is_lone and not is_open) if parts else _NOT_FOLLOWED


def _rounded(ticks: Fraction) -> int:
    """Halves upwards."""
    return int(ticks + Fraction(1, 2))


def _edits(stream: BinaryIO, track: Box) -> list[_Edit] | None:
    """Return the entries; None where there are too many or they are not there."""
    box = _inner(stream, _inner(stream, track, b"edts"), b"elst")
    if box is None:
        return []
    head = _content(stream, box, _HEAD_BYTES)
    form = struct.Struct(">QqI" if head[:1] == b"\x01" else ">IiI")
    count = int.from_bytes(head[4:8])
    body = _content(stream, box, _HEAD_BYTES + MAXIMUM_EDITS * form.size)[_HEAD_BYTES:]
    if count > MAXIMUM_EDITS or count * form.size > len(body):
        return None
    return [_Edit(*entry) for entry in form.iter_unpack(body[: count * form.size])]


def _track(stream: BinaryIO, movie: Box, track_id: int) -> Box | None:
    tracks = (box for box in inner_boxes(stream, movie) if box.kind == b"trak")
    return next((track for track in tracks if _number(stream, _inner(stream, track, b"tkhd")) == track_id), None)


def _inner(stream: BinaryIO, box: Box | None, kind: bytes) -> Box | None:
    return box and next((inner for inner in inner_boxes(stream, box) if inner.kind == kind), None)


def _number(stream: BinaryIO, header: Box | None) -> int:
    """Return what stands behind the two dates of a header: a track's id, a timescale. 0 if there is none."""
    content = _content(stream, header, _HEADER_BYTES) if header else b""
    place = 20 if content[:1] == b"\x01" else 12
    return int.from_bytes(content[place : place + 4]) if len(content) >= place + 4 else 0


def _content(stream: BinaryIO, box: Box, maximum_bytes: int) -> bytes:
    stream.seek(box.body)
    return stream.read(max(0, min(box.end - box.body, maximum_bytes)))
