# SPDX-License-Identifier: Apache-2.0
"""What a hash would be had its picture been turned or mirrored, from its bits alone. Pure.

Turning a picture negates some of its frequencies and exchanges their axes. The median that decides each bit moves a little then, so
this is near the hash of the turned picture and seldom the same: spec/intake.md has the figures. Never for what a case stores.
"""

import numpy as np

_SIDE = 16
_ODD = np.arange(_SIDE) % 2 == 1
_DOWN = np.repeat(_ODD[:, None], _SIDE, axis=1)
_ACROSS = _DOWN.T
"""Bits stand highest frequency first, so the odd places are the odd frequencies."""


def turned(value: bytes) -> list[bytes]:
    """Return the eight orientations of a hash of 32 bytes, itself first."""
    bits = np.unpackbits(np.frombuffer(value, dtype=np.uint8)).reshape(_SIDE, _SIDE).astype(bool)
    mirrored = (bits, bits ^ _DOWN, bits ^ _ACROSS, bits ^ _DOWN ^ _ACROSS)
    return [np.packbits(grid).tobytes() for one in mirrored for grid in (one, one.T)]
