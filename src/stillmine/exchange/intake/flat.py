# SPDX-License-Identifier: Apache-2.0
"""Fingerprints that no picture of any detail has: flat, or one pattern repeated. Pure.

Whoever sends one did not make it from a picture, or from one that tells nothing apart. Thresholds are measured: spec/intake.md.
"""

from collections.abc import Iterable

from stillmine.wire.errors import FlatFingerprintError
from stillmine.wire.fingerprint import MINIMUM_QUALITY, PDQ_BYTES, Fingerprint, Kind, pdq_bytes
from stillmine.wire.vpdq import parse_vpdq

MINIMUM_SET_BITS, MAXIMUM_SET_BITS = 32, 224
MAXIMUM_REPEAT_DISTANCE_BITS = 8
_BITS = PDQ_BYTES * 8
_ALL = (1 << _BITS) - 1


def is_flat(value: bytes) -> bool:
    """True for 32 bytes with too few or too many bits set, or that are nearly the same when turned as a ring."""
    bits = int.from_bytes(value)
    return is_one_sided(value) or any(
        (bits ^ _turned(bits, by)).bit_count() <= MAXIMUM_REPEAT_DISTANCE_BITS for by in range(1, _BITS // 2 + 1)
    )


def is_one_sided(value: bytes) -> bool:
    """True for 32 bytes with too few or too many bits set."""
    return not MINIMUM_SET_BITS <= int.from_bytes(value).bit_count() <= MAXIMUM_SET_BITS


def require_not_flat(fingerprints: Iterable[Fingerprint]) -> None:
    """Raise FlatFingerprintError where a picture's fingerprint, or every usable frame of a video's, is flat."""
    for place, fingerprint in enumerate(fingerprints, 1):
        if _is_flat(fingerprint):
            raise FlatFingerprintError(f"fingerprint {place}")


def _is_flat(fingerprint: Fingerprint) -> bool:
    if fingerprint.kind is Kind.PDQ:
        return is_flat(pdq_bytes(fingerprint.value))
    if fingerprint.kind is Kind.VPDQ:
        return all(is_flat(frame.pdq) for frame in parse_vpdq(fingerprint.value) if frame.quality >= MINIMUM_QUALITY)
    return False


def _turned(bits: int, by: int) -> int:
    return ((bits << by) | (bits >> (_BITS - by))) & _ALL
