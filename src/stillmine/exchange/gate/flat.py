# SPDX-License-Identifier: Apache-2.0
"""Fingerprints that no picture of any detail has: flat, or one pattern repeated. Pure.

Whoever sends one did not make it from a picture, or from one that tells nothing apart. Thresholds are measured: spec/intake.md. A long
video that is made to be flat but for its last frame must not cost seconds, so many frames are looked at together.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from stillmine.wire.errors import FlatFingerprintError
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import MINIMUM_QUALITY, PDQ_BYTES, Kind, pdq_bytes
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
    """Raise FlatFingerprintError where a picture's fingerprint, or every usable frame of a video's, is flat."""
    for place, fingerprint in enumerate(fingerprints, 1):
        shown = _shown(fingerprint)
        if shown is not None and are_flat(shown):
            raise FlatFingerprintError(f"fingerprint {place}")


def _shown(fingerprint: Fingerprint) -> list[bytes] | None:
    """Return the pictures that a fingerprint is of; None for a kind that is of none."""
    if fingerprint.kind is Kind.PDQ:
        return [pdq_bytes(fingerprint.value)]
    if fingerprint.kind is Kind.VPDQ:
        return [frame.pdq for frame in parse_vpdq(fingerprint.value) if frame.quality >= MINIMUM_QUALITY]
    return None


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
