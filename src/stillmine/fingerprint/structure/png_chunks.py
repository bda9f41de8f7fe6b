# SPDX-License-Identifier: Apache-2.0
"""A PNG rewritten: its pixels, what they need to be shown, checksums that are right. "Damage" in spec/fingerprint.md.

The chunks are a stranger's, so their number is bounded, a length is only compared, and nothing is unpacked but a profile, up to a bound.
Must never drop a chunk that changes what viewers show.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_HEADER = b"IHDR"
_SIDE = frozenset({b"tRNS", b"cICP", b"sRGB", b"gAMA", b"cHRM", b"eXIf", b"acTL", b"fcTL", b"fdAT"})
_LENGTHS = {b"cICP": 4, b"sRGB": 1, b"gAMA": 4, b"cHRM": 32, b"acTL": 8, b"fcTL": 26}
_TRANSPARENCY_BYTES = {0: range(2, 3), 2: range(6, 7), 3: range(1, 257)}
"""The lengths of a `tRNS` that decoders can read, by the header's kind of colours."""
_KIND_OF_COLOURS = 9
"""Its place in the header."""
_END = b"IEND"
_MAXIMUM_CHUNKS = 100_000
_MAXIMUM_PROFILE_BYTES = 8 * 1024 * 1024
_CHECKSUM_BYTES = 4


@dataclass(frozen=True, slots=True)
class Chunk:
    """`data` is what is there of it, `checksum` None where the file ends before it."""

    kind: bytes
    data: bytes
    checksum: int | None
    is_cut: bool

    @property
    def is_right(self) -> bool:
        """Whether it is whole, and its checksum and its length fit."""
        return self.checksum == zlib.crc32(self.kind + self.data) and len(self.data) == _LENGTHS.get(self.kind, len(self.data))


@dataclass(slots=True)
class CleanPng:
    """`profile` is the ICC profile, unpacked, if there is one that can be."""

    data: bytes
    profile: bytes | None


@dataclass(slots=True)
class _Parts:
    header: bytes = b""
    before: list[Chunk] = field(default_factory=list)
    pixels: list[bytes] = field(default_factory=list)
    after: list[Chunk] = field(default_factory=list)
    profile: bytes | None = None
    """As it is packed."""
    is_cut: bool = False


def has_end(data: bytes) -> bool:
    """Return whether a PNG has its last chunk."""
    return any(kind == _END for kind, _, _ in _places(data))


def chunks_before_pixels(data: bytes, kinds: frozenset[bytes]) -> dict[bytes, bytes]:
    """Return of each of these kinds the data of the first one in front of the pixels whose length and checksum are right."""
    found: dict[bytes, bytes] = {}
    for kind, start, end in _places(data):
        if kind == b"IDAT":
            break
        if kind in kinds and kind not in found:
            chunk = _chunk(data, kind, start, end)
            if chunk.is_right:
                found[kind] = chunk.data
    return found


def clean_png(data: bytes) -> CleanPng | None:
    """Return the file rewritten; None where it has too many chunks or no pixels at all."""
    parts = _Parts()
    for number, chunk in enumerate(_chunks(data)):
        if number >= _MAXIMUM_CHUNKS:
            return None
        _sort_in(chunk, parts)
    if not parts.pixels or not parts.header:
        return None
    pixels = b"".join(parts.pixels)
    if not parts.is_cut:
        pixels = pixels[:-_CHECKSUM_BYTES]  # the compressed stream's own: without it the decoder does not compare
    before, after = (
        [_written(chunk.kind, chunk.data) for chunk in chunks if _fits(chunk, parts.header)] for chunks in (parts.before, parts.after)
    )
    clean = [SIGNATURE, _written(_HEADER, parts.header), *before, _written(b"IDAT", pixels), *after, _written(_END, b"")]
    return CleanPng(b"".join(clean), None if parts.profile is None else _unpacked(parts.profile))


def _sort_in(chunk: Chunk, parts: _Parts) -> None:
    if chunk.kind == b"IDAT":
        parts.pixels.append(chunk.data)
        parts.is_cut = chunk.is_cut
    elif chunk.kind == _HEADER:
        parts.header = parts.header or chunk.data
    elif chunk.kind == b"PLTE" or (chunk.kind in _SIDE and chunk.is_right):
        (parts.after if parts.pixels else parts.before).append(chunk)
    elif chunk.kind == b"iCCP" and parts.profile is None and chunk.is_right:
        parts.profile = chunk.data


def _fits(chunk: Chunk, header: bytes) -> bool:
    """Whether a `tRNS` has a length that goes with the kind of colours; of other chunks their own length has been compared."""
    kind_of_colours = header[_KIND_OF_COLOURS] if len(header) > _KIND_OF_COLOURS else 0
    return chunk.kind != b"tRNS" or len(chunk.data) in _TRANSPARENCY_BYTES.get(kind_of_colours, ())


def _places(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Kind, and where the data starts and should end, of each chunk up to the last."""
    place = len(SIGNATURE)
    while place + 8 <= len(data):
        kind, start = data[place + 4 : place + 8], place + 8
        end = start + int.from_bytes(data[place : place + 4])
        yield kind, start, end
        place = end + 4


def _chunks(data: bytes) -> Iterator[Chunk]:
    for kind, start, end in _places(data):
        if kind == _END:
            return
        yield _chunk(data, kind, start, end)


def _chunk(data: bytes, kind: bytes, start: int, end: int) -> Chunk:
    stored = data[end : end + 4]
    return Chunk(kind, data[start:end], int.from_bytes(stored) if len(stored) == 4 else None, end > len(data))


def _written(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)


def _unpacked(data: bytes) -> bytes | None:
    """The profile of an iCCP: behind a name, a zero and the number of the only method."""
    _, _, packed = data.partition(b"\0")
    unpacking = zlib.decompressobj()
    try:
        profile = unpacking.decompress(packed[1:], _MAXIMUM_PROFILE_BYTES)
    except zlib.error:
        return None
    return profile if unpacking.eof else None
