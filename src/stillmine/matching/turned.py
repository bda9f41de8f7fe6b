# SPDX-License-Identifier: Apache-2.0
"""The eight orientations of a picture, made from its PDQ bits alone, for whoever has no picture to turn.

Turning a picture over negates the odd frequencies of its transform, and turning it by a quarter swaps the axes; a bit says whether a
frequency is above the median, so both can be done to bits. That is an estimate: the median is not quite zero and PDQ does not sample
a mirrored picture at the same places. Whoever has the picture makes the eight hashes from it (`fingerprint.VARIANTS`) instead.
"""

import numpy as np
from numpy.typing import NDArray

from stillmine.wire.vpdq import VideoFrame

TURNS = 8
"""In the order of `fingerprint.VARIANTS`: the first is the picture as it is."""

_SIDE = 16
_PDQ_BYTES = 32

_IS_ODD = np.arange(_SIDE) % 2 == 0
"""Place 0 is frequency 1."""

_DOWN = np.broadcast_to(_IS_ODD[:, None], (_SIDE, _SIDE)).astype(np.uint8)
_ACROSS = np.broadcast_to(_IS_ODD[None, :], (_SIDE, _SIDE)).astype(np.uint8)


def _packed(bits: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Bits (n, 16, 16) to hashes (n, 32)."""
    packed: NDArray[np.uint8] = np.packbits(bits.reshape(-1, _SIDE * _SIDE), axis=1, bitorder="little")[:, ::-1]
    return packed


_NOTHING = np.zeros_like(_DOWN)
_BOTH = _ACROSS ^ _DOWN
_FLIPPED = _packed(np.stack([_NOTHING, _ACROSS.T, _BOTH, _DOWN.T, _ACROSS, _DOWN, _NOTHING, _BOTH.T]))
"""What is negated in each orientation, (8, 32), after the axes of some were swapped."""

_HAS_SWAPPED_AXES = [1, 3, 6, 7]


def turned(values: bytes) -> bytes:
    """Return all eight orientations of each of these values, eight times 32 bytes for one; raises ValueError for other lengths."""
    if len(values) % _PDQ_BYTES:
        raise ValueError(f"a fingerprint has exactly {_PDQ_BYTES} bytes")
    rows = np.frombuffer(values, dtype=np.uint8).reshape(-1, _PDQ_BYTES)
    bits = np.unpackbits(rows[:, ::-1], axis=1, bitorder="little").reshape(-1, _SIDE, _SIDE)
    eight = np.repeat(rows[:, None], TURNS, axis=1)
    eight[:, _HAS_SWAPPED_AXES] = _packed(bits.transpose(0, 2, 1))[:, None]
    eight ^= _FLIPPED
    return eight.tobytes()


def overturned(hashes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return hashes (n, 32) of the same pictures with their rows turned over."""
    down = np.packbits(_DOWN.reshape(-1), bitorder="little")[::-1]
    flipped: NDArray[np.uint8] = hashes ^ down
    return flipped


def orientations(value: bytes) -> list[bytes]:
    """Return the eight orientations of one value, itself first; raises ValueError for another length."""
    eight = turned(value)
    return [eight[start : start + _PDQ_BYTES] for start in range(0, len(eight), _PDQ_BYTES)]


def turned_frames(frames: tuple[VideoFrame, ...]) -> list[list[VideoFrame]]:
    """Return a video in all eight orientations."""
    hashes = turned(b"".join(frame.pdq for frame in frames))
    return [
        [
            frame._replace(pdq=hashes[(place * TURNS + turn) * _PDQ_BYTES : (place * TURNS + turn + 1) * _PDQ_BYTES])
            for place, frame in enumerate(frames)
        ]
        for turn in range(TURNS)
    ]
