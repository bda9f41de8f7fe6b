# SPDX-License-Identifier: Apache-2.0
"""Whether a file was meant to be longer than it is, by the sizes that containers write of themselves.

Demuxers read a file that was cut off to its end without a word. A person must hear that copies of the rest can't be found.
Must never trust a size: it is only compared.
"""

import io
from typing import BinaryIO

from stillmine.fingerprint.structure.signatures import START_BYTES, demuxers_of

_MAX_BOXES = 100_000
_EBML_HEADER = b"\x1aE\xdf\xa3"
_SEGMENT = b"\x18S\x80g"


def is_shorter_than_declared(stream: BinaryIO) -> bool:
    """Return whether an MP4, Matroska or AVI file names a size that goes past its end; False where it names none."""
    length = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    start = stream.read(START_BYTES)
    demuxers = demuxers_of(start)
    if demuxers == "avi":
        return 8 + int.from_bytes(start[4:8], "little") > length
    if demuxers.startswith("mov"):
        return _boxes_end(stream, length) > length
    if start.startswith(_EBML_HEADER):
        return _segment_end(start, length) > length
    return False


def _boxes_end(stream: BinaryIO, length: int) -> int:
    place = 0
    for _ in range(_MAX_BOXES):
        if place >= length:
            break
        stream.seek(place)
        head = stream.read(16)
        size = int.from_bytes(head[:4])
        if size == 1:
            size = int.from_bytes(head[8:16])
        if len(head) < 8:
            return length + 1
        if size < 8:  # 0: to the end of the file; less is damage, which decoding meets anyway
            return length
        place += size
    return place


def _segment_end(start: bytes, length: int) -> int:
    """Sizes are variable-length numbers; one with all bits set means that it was not known."""
    head_size, head_width = _variable_number(start[4:])
    segment = start[4 + head_width + head_size :]
    if not segment.startswith(_SEGMENT):
        return length
    size, width = _variable_number(segment[4:])
    is_unknown = size == (1 << (7 * width)) - 1
    return length if is_unknown or not width else len(start) - len(segment) + 4 + width + size


def _variable_number(data: bytes) -> tuple[int, int]:
    """Return the number and its width in bytes; width 0 if there is none."""
    if not data or not data[0]:
        return 0, 0
    width = 9 - data[0].bit_length()
    if len(data) < width:
        return 0, 0
    return int.from_bytes(data[:width]) & ((1 << (7 * width)) - 1), width
