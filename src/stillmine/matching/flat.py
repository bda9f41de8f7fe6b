# SPDX-License-Identifier: Apache-2.0
"""Fingerprints that no picture of any detail has: flat, or one pattern repeated. Pure.

Whoever sends one did not make it from a picture, or from one that tells nothing apart. Thresholds are measured: spec/intake.md. A long
video that is made to be flat but for its last frame must not cost seconds, so many frames are looked at together.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from stillmine.wire.errors import FlatFingerprintError
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import MINIMUM_QUALITY, PDQ_BYTES, Kind, pdq_bytes
from stillmine.wire.regions import parse_regions
from stillmine.wire.vpdq import parse_vpdq

MINIMUM_SET_BITS, MAXIMUM_SET_BITS = 32, 224
MAXIMUM_REPEAT_DISTANCE_BITS = 8
_BITS = PDQ_BYTES * 8
_WORD_BITS = 64
_WORDS = _BITS // _WORD_BITS
_FIRST_FRAMES = 2
"""A video of something shows it in these, so that an honest one costs next to nothing."""

_AT_ONCE = 2048


_ALL = (1 << _BITS) - 1


def is_flat(value: bytes) -> bool:
    """True for 32 bytes with too few or too many bits set, or that are nearly the same when turned as a ring."""
    bits = int.from_bytes(value)
    return is_one_sided(value) or any(
        (bits ^ ((bits << by | bits >> (_BITS - by)) & _ALL)).bit_count() <= MAXIMUM_REPEAT_DISTANCE_BITS for by in range(1, _BITS // 2 + 1)
    )


def is_one_sided(value: bytes) -> bool:
    """True for 32 bytes with too few or too many bits set."""
    return not MINIMUM_SET_BITS <= int.from_bytes(value).bit_count() <= MAXIMUM_SET_BITS


def are_flat(values: Sequence[bytes]) -> bool:
    """True where every one of these is flat; the same as `is_flat` of each, and much faster for thousands."""
    first, others = values[:_FIRST_FRAMES], b"".join(values[_FIRST_FRAMES:])
    step = _AT_ONCE * PDQ_BYTES
    blocks = range(0, len(others), step)
    return all(is_flat(value) for value in first) and all(_block_is_flat(others[start : start + step]) for start in blocks)


def require_not_flat(fingerprints: Iterable[Fingerprint]) -> None:
    """Raise FlatFingerprintError where a picture's fingerprint, every usable frame of a video's, or a region of a picture is flat."""
    for place, fingerprint in enumerate(fingerprints, 1):
        shows_nothing = _SHOWS_NOTHING.get(fingerprint.kind)
        if shows_nothing is not None and shows_nothing(fingerprint.value):
            raise FlatFingerprintError(f"fingerprint {place}")


def _are_frames_flat(value: str) -> bool:
    return are_flat([frame.pdq for frame in parse_vpdq(value) if frame.quality >= MINIMUM_QUALITY])


def _are_regions_flat(value: str) -> bool:
    """A patch that was found has as many bits set as not; that one is like itself when turned may be chance, that all are is not."""
    hashes = parse_regions(value).hashes
    return any(map(is_one_sided, hashes)) or are_flat(hashes)


_SHOWS_NOTHING: dict[Kind, Callable[[str], bool]] = {
    Kind.PDQ: lambda value: is_flat(pdq_bytes(value)),
    Kind.VPDQ: _are_frames_flat,
    Kind.REGIONS: _are_regions_flat,
}
"""Of the kinds that are of what is seen."""


def _block_is_flat(packed: bytes) -> bool:
    words = np.ascontiguousarray(np.frombuffer(packed, dtype=">u8").reshape(-1, _WORDS).T).astype(np.uint64)
    set_bits = _set_bits(words)
    flat = (set_bits < MINIMUM_SET_BITS) | (set_bits > MAXIMUM_SET_BITS)
    for by in range(1, _BITS // 2 + 1):
        flat |= _set_bits(words ^ _turned(words, by)) <= MAXIMUM_REPEAT_DISTANCE_BITS
    return bool(flat.all())


def _set_bits(words: NDArray[np.uint64]) -> NDArray[np.uint16]:
    """Return how many bits are set in each column."""
    counted: NDArray[np.uint16] = np.bitwise_count(words).sum(axis=0, dtype=np.uint16)
    return counted


def _turned(words: NDArray[np.uint64], by: int) -> NDArray[np.uint64]:
    """Turn each column of four words as one ring of 256 bits, the first the highest."""
    whole, rest = divmod(by, _WORD_BITS)
    rolled = np.roll(words, -whole, axis=0)
    return rolled if not rest else (rolled << np.uint64(rest)) | (np.roll(rolled, -1, axis=0) >> np.uint64(_WORD_BITS - rest))
