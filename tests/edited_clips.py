# SPDX-License-Identifier: Apache-2.0
"""MP4 files with another edit list, as phones and players write it when somebody trims a video: the pictures all stay in the file."""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Edit:
    """Seconds of a file's pictures (or sound) that are shown, one part after the other; `start` None is an empty edit: nothing is shown."""

    seconds: float
    start: float | None
    rate: float = 1


@dataclass(frozen=True)
class _Box:
    kind: bytes
    whole: bytes
    body: bytes


def with_edits(data: bytes, edits: Sequence[Edit], kind: bytes = b"") -> bytes:
    """The file with these edits in place of its own, for tracks of one kind (b"vide", b"soun") or for all.

    Times count from the track's first picture as the file shows it without the new edits. The index has to stand behind the pictures.
    """
    parts = []
    for box in _boxes(data):
        parts.append(_with_edited_tracks(box.body, edits, kind) if box.kind == b"moov" else box.whole)
    return b"".join(parts)


def without_edits(data: bytes) -> bytes:
    """The file without any edit list."""
    return with_edits(data, (), b"")


def with_matrix(data: bytes, matrix: tuple[int, int, int, int], header: bytes = b"tkhd") -> bytes:
    """The file whose picture is turned and mirrored by this display matrix (a, b, c, d), in 1/65536, of the track or the movie (`mvhd`)."""
    place = data.index(header) + 4 + {b"tkhd": 40, b"mvhd": 36}[header]
    a, b, c, d = matrix
    return data[:place] + struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30) + data[place + 36 :]


def _with_edited_tracks(moov: bytes, edits: Sequence[Edit], kind: bytes) -> bytes:
    boxes = list(_boxes(moov))
    scale = next(_timescale(box) for box in boxes if box.kind == b"mvhd")
    ticks = round(sum(edit.seconds for edit in edits) * scale)
    parts = []
    for box in boxes:
        if box.kind == b"mvhd" and edits:
            parts.append(_with_number(box.whole, 24, max(ticks, 0 if not kind else int.from_bytes(box.whole[24:28]))))
        elif box.kind == b"trak" and kind in box.whole:
            parts.append(_with_edited_track(box, edits, scale, ticks))
        else:
            parts.append(box.whole)
    return _made(b"moov", b"".join(parts))


def _with_edited_track(track: _Box, edits: Sequence[Edit], movie_scale: int, ticks: int) -> bytes:
    boxes = {box.kind: box for box in _boxes(track.body)}
    media_scale = next(_timescale(box) for box in _boxes(boxes[b"mdia"].body) if box.kind == b"mdhd")
    before = boxes[b"edts"].body[20:24] if b"edts" in boxes else bytes(4)
    zero = max(int.from_bytes(before, signed=True), 0)
    entries = b"".join(
        struct.pack(
            ">IiI",
            round(edit.seconds * movie_scale),
            -1 if edit.start is None else zero + round(edit.start * media_scale),
            round(edit.rate * 65536),
        )
        for edit in edits
    )
    own = _made(b"edts", _made(b"elst", struct.pack(">II", 0, len(edits)) + entries)) if edits else b""
    rest = [box.whole for kind, box in boxes.items() if kind not in (b"edts", b"tkhd")]
    header = boxes[b"tkhd"].whole
    return _made(b"trak", (_with_number(header, 28, ticks) if edits else header) + own + b"".join(rest))


def _with_number(data: bytes, place: int, number: int) -> bytes:
    return data[:place] + number.to_bytes(4) + data[place + 4 :]


def _timescale(header: _Box) -> int:
    """Of a `mvhd` or `mdhd` of version 0, which is what the tests' encoder writes."""
    return int.from_bytes(header.body[12:16])


def _boxes(data: bytes) -> Iterator[_Box]:
    place = 0
    while place < len(data):
        size, kind = struct.unpack_from(">I4s", data, place)
        head = 16 if size == 1 else 8
        size = int.from_bytes(data[place + 8 : place + 16]) if size == 1 else size
        yield _Box(kind, data[place : place + size], data[place + head : place + size])
        place += size


def _made(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body
