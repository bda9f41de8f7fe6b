# SPDX-License-Identifier: Apache-2.0
"""The text form of a sound's fingerprint: AcoustID's compressed form, base64url without padding.

A header (algorithm, number of values), then per value the gaps between the bits that changed since the value before: three bits
each, 7 and more continued in five bits at the end. Reads it whole and strictly, so that what an exchange takes, a partner can match. The
text comes from strangers: work is bounded by its length. Contract: spec/case.md.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Sequence

from stillmine.wire.errors import FingerprintMalformedError

STANDARD_ALGORITHM = 1
"""The header's number for what the tools call algorithm 2, their default."""

MAXIMUM_CHROMAPRINT_BYTES = 64 * 1024
MAXIMUM_CHROMAPRINT_VALUES = 32_768

_HEADER_BYTES = 4
_GAP_BITS = 3
_LARGEST_GAP = 7
_REST_BITS = 5
_VALUE_BITS = 32
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


def parse_chromaprint(text: str) -> tuple[int, ...]:
    """Return the values, 32 bits each, in the order of time; raises FingerprintMalformedError."""
    data = _packed(text)
    count = int.from_bytes(data[1:_HEADER_BYTES])
    if data[0] != STANDARD_ALGORITHM:
        raise FingerprintMalformedError("chromaprint: only the standard algorithm")
    if not 1 <= count <= MAXIMUM_CHROMAPRINT_VALUES:
        raise FingerprintMalformedError(f"chromaprint: 1 to {MAXIMUM_CHROMAPRINT_VALUES} values")
    gaps = _gaps(data, count)
    rests_start = _HEADER_BYTES + _bytes_for(len(gaps), _GAP_BITS)
    rests_count = gaps.count(_LARGEST_GAP)
    if len(data) != rests_start + _bytes_for(rests_count, _REST_BITS):
        raise FingerprintMalformedError("chromaprint: too short or too long for its header")
    rests = _numbers(data[rests_start:], _REST_BITS)
    return tuple(_values(gap + next(rests) if gap == _LARGEST_GAP else gap for gap in gaps))


def format_chromaprint(values: Sequence[int]) -> str:
    """Return the text form of 1 to 32,768 values; raises FingerprintMalformedError, also for a text that would be too long."""
    if not 1 <= len(values) <= MAXIMUM_CHROMAPRINT_VALUES or not all(0 <= value < 1 << _VALUE_BITS for value in values):
        raise FingerprintMalformedError(f"chromaprint: 1 to {MAXIMUM_CHROMAPRINT_VALUES} values of {_VALUE_BITS} bits")
    gaps = [gap for before, value in zip((0, *values), values, strict=False) for gap in _gaps_of(before ^ value)]
    rests = [gap - _LARGEST_GAP for gap in gaps if gap >= _LARGEST_GAP]
    head = bytes([STANDARD_ALGORITHM]) + len(values).to_bytes(_HEADER_BYTES - 1)
    data = head + _joined([min(gap, _LARGEST_GAP) for gap in gaps], _GAP_BITS) + _joined(rests, _REST_BITS)
    text = base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
    if len(text) > MAXIMUM_CHROMAPRINT_BYTES:
        raise FingerprintMalformedError(f"chromaprint: at most {MAXIMUM_CHROMAPRINT_BYTES} bytes")
    return text


def _gaps_of(changed: int) -> list[int]:
    """From each changed bit to the next, from below, and the zero that ends a value."""
    places = [place for place in range(1, _VALUE_BITS + 1) if changed >> (place - 1) & 1]
    return [place - before for before, place in zip((0, *places), places, strict=False)] + [0]


def _joined(numbers: Sequence[int], width: int) -> bytes:
    """Numbers of `width` bits each, lowest bits first."""
    held = held_bits = 0
    data = bytearray()
    for number in numbers:
        held |= number << held_bits
        held_bits += width
        while held_bits >= 8:
            data.append(held & 0xFF)
            held >>= 8
            held_bits -= 8
    if held_bits:
        data.append(held)
    return bytes(data)


def _packed(text: str) -> bytes:
    if len(text) > MAXIMUM_CHROMAPRINT_BYTES or not _BASE64URL.fullmatch(text):
        raise FingerprintMalformedError(f"chromaprint: base64url, at most {MAXIMUM_CHROMAPRINT_BYTES} bytes")
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise FingerprintMalformedError("chromaprint: base64url") from None
    if len(data) <= _HEADER_BYTES:
        raise FingerprintMalformedError("chromaprint: nothing but a header")
    return data


def _gaps(data: bytes, count: int) -> list[int]:
    """Gaps up to the zero that ends the last value."""
    gaps: list[int] = []
    for gap in _numbers(data[_HEADER_BYTES:], _GAP_BITS):
        gaps.append(gap)
        count -= gap == 0
        if not count:
            return gaps
    raise FingerprintMalformedError("chromaprint: fewer values than its header says")


def _values(gaps: Iterator[int]) -> Iterator[int]:
    before = changed = bit = 0
    for gap in gaps:
        if gap:
            bit += gap
            if bit > _VALUE_BITS:
                raise FingerprintMalformedError(f"chromaprint: a value has {_VALUE_BITS} bits")
            changed |= 1 << (bit - 1)
        else:
            before ^= changed
            changed = bit = 0
            yield before


def _numbers(data: bytes, width: int) -> Iterator[int]:
    """Numbers of `width` bits, lowest bits first; what is left over at the end is not a number."""
    held = held_bits = 0
    mask = (1 << width) - 1
    for byte in data:
        held |= byte << held_bits
        held_bits += 8
        while held_bits >= width:
            yield held & mask
            held >>= width
            held_bits -= width


def _bytes_for(count: int, width: int) -> int:
    return (count * width + 7) // 8
