# SPDX-License-Identifier: Apache-2.0
"""The segments of a JPEG in front of its first scan: what they say, and the file without those that hold no pixels.

Bytes between segments are skipped, as decoders skip them. Must never drop a segment that changes what viewers show.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from stillmine.fingerprint.structure.exif import UPRIGHT, begins_exif, exif_of, read_orientation

_EXIF_SEGMENT = 0xE1
_START_OF_SCAN = 0xDA
_ONE_PASS_FRAMES = frozenset({0xC0, 0xC1})
_OTHER_FRAMES = frozenset({0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
_NO_MARKERS = frozenset({0x00, 0xFF})
"""A stuffed byte and filling."""
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
_LONGEST_SEGMENT = 2 + 0xFFFF
_ANY_MARKER = re.compile(rb"\xff+(?:[^\x00\x01\xd0-\xd9\xff]|\Z)", re.DOTALL)
"""Of a segment, or half of it at the end of the file: bits of a scan never look like one."""
_SIDE_SEGMENTS = frozenset({*range(0xE0, 0xF0), 0xFE})
_NEEDED_SIDE_SEGMENTS = {0xE0: (b"JFIF\0", 14), 0xE2: (b"ICC_PROFILE\0", 15), 0xEE: (b"Adobe", 12)}
"""They say how colours are stored; with how they begin, and the length from which a decoder can read them."""


@dataclass(frozen=True, slots=True)
class JpegHead:
    """What stands in front of the first scan. `is_one_pass`: the rows come out as the file is read; else the decoder keeps up to 6 bytes
    for every pixel."""

    is_one_pass: bool
    orientation: int


def read_head(data: bytes) -> JpegHead:
    """Return what the segments in front of the first scan say; of several Exif segments the first counts."""
    components = orientation = 0
    for marker, start, end in _segments(data):
        if marker in _OTHER_FRAMES:
            components = -1
        elif marker in _ONE_PASS_FRAMES and not components and start + 5 < min(end, len(data)):
            components = data[start + 5]
        elif marker == _EXIF_SEGMENT and not orientation and begins_exif(data[start : start + 8]):
            orientation = read_orientation(data[start:end])
        elif marker == _START_OF_SCAN:
            return JpegHead(components > 0 and data[start : start + 1] == bytes([components]), orientation or UPRIGHT)
    return JpegHead(False, orientation or UPRIGHT)


def clean_jpeg(data: bytes) -> bytes:
    """Return the file without what stands between its segments in front of the first scan, with those side segments only that say how
    to show it, and without a last segment that is cut."""
    orientation = read_head(data).orientation
    exif = exif_of(orientation)
    parts = [data[:2], b"\xff\xe1", (2 + len(exif)).to_bytes(2), exif] if orientation != UPRIGHT else [data[:2]]
    place = 2
    for marker, start, end in _segments(data):
        if marker == _START_OF_SCAN:
            return b"".join([*parts, data[start - 4 : max(start, _whole_end(data))]])
        head, least = _NEEDED_SIDE_SEGMENTS.get(marker, (b"", 0))
        is_needed = head and data.startswith(head, start) and end - start >= least
        if is_needed or marker not in _SIDE_SEGMENTS:
            parts.append(data[start - 4 : end])
        place = end
    return b"".join([*parts, data[place:]])


def _whole_end(data: bytes) -> int:
    """Where the last segment begins if it is cut, as between the scans of a progressive file; else the end of the file."""
    for found in _ANY_MARKER.finditer(data, max(0, len(data) - _LONGEST_SEGMENT)):
        length = data[found.end() : found.end() + 2]
        if len(length) < 2 or found.end() + int.from_bytes(length) > len(data):
            return found.start()
    return len(data)


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Give each segment up to the first scan's header: marker, and where its content starts and ends."""
    place = 2
    while 0 <= (place := data.find(b"\xff", place)) < len(data) - 3:
        marker = data[place + 1]
        if marker in _NO_MARKERS or marker in _WITHOUT_LENGTH:
            place += 1 if marker == 0xFF else 2
            continue
        end = place + 2 + max(2, int.from_bytes(data[place + 2 : place + 4]))
        yield marker, place + 4, end
        if marker == _START_OF_SCAN:
            return
        place = end
