# SPDX-License-Identifier: Apache-2.0
"""A score of whether the PDQ and the regions of a value of kind `regions` are of one picture: measured, and not used by the product.

A PDQ tells the signs of the picture's coarsest cosines. With the sizes that these have in photographs it can be drawn as a blur, and the
blur says which sign is likelier for the coarsest cosines of each region. In one picture more of these signs come true than chance would
give; in too few of them, for some pictures, to refuse anything by it (docs/security-testing.md).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from stillmine.matching.region_frames import Floats, radii
from stillmine.matching.region_values import Hashes, stored_regions

COARSE: Final = 8
"""Frequencies of a region that a PDQ of the whole may say something of."""

_PDQ_START = 6
_HASH_BYTES = 32
_FREQUENCIES = 16
_SAMPLES = 16
_SPECTRUM = 1.1
"""Sizes of cosines fall with the frequency to the power of this."""
_LARGEST_EXPECTED = 0.35
"""Of a cosine's usual size. What is expected to be larger counts no more: a few of the largest regions would decide all."""
_AREA = 256 * 256


def pair_score(value: bytes) -> float:
    """Return how much better than chance the regions of a compact value fit the PDQ in it: Σ sign · expected / √ Σ expected².

    Raises ValueError if the value's length is not what its count says.
    """
    stored, expected = stored_regions(value), _expected(value)
    length = float(np.sqrt((expected**2).sum()))
    return float((_signs(stored.hashes)[:, :COARSE, :COARSE] * expected).sum()) / length if length else 0.0


def _expected(value: bytes) -> Floats:
    """Return what the PDQ in a compact value expects of each region's coarsest cosines, in their usual size: (n, 8, 8), vertical first."""
    stored = stored_regions(value)
    size = np.array([stored.width, stored.height] * 3, np.float64)
    pdq = np.frombuffer(value, np.uint8, _HASH_BYTES, _PDQ_START).reshape(1, _HASH_BYTES)
    frequency = np.arange(1, _FREQUENCIES + 1)
    blur = _signs(pdq)[0] * _usual_size(frequency / (2 * stored.height), frequency / (2 * stored.width))
    coarse = np.arange(1, COARSE + 1)
    radius = radii(stored.frames)[:, None, None]
    usual = _usual_size(coarse, coarse) * (4 * radius) ** _SPECTRUM
    expected = _coarse_cosines(blur, stored.frames / size) * 2 * radius / (usual * (_SAMPLES / 2) * _AREA**0.5)
    return np.asarray(np.clip(expected, -_LARGEST_EXPECTED, _LARGEST_EXPECTED))


def _signs(hashes: Hashes) -> Floats:
    """Return +1 and -1 for each bit, as (n, 16, 16): vertical frequency first."""
    bits = np.unpackbits(hashes, axis=1)[:, ::-1].reshape(-1, _FREQUENCIES, _FREQUENCIES)
    return bits.astype(np.float64) * 2 - 1


def _usual_size(down: NDArray[np.generic], across: NDArray[np.generic]) -> Floats:
    size: Floats = np.hypot(down[:, None], across[None, :]) ** -_SPECTRUM
    return size


def _coarse_cosines(blur: Floats, frames: Floats) -> Floats:
    """Return the cosines (n, 8, 8) that patches at frames, in parts of width and height, have of a picture of cosines (16, 16)."""
    middle = (np.arange(_SAMPLES) + 0.5) * (2 / _SAMPLES) - 1
    down, along = (side.ravel() for side in np.meshgrid(middle, middle, indexing="ij"))
    x, y = (frames[:, [axis]] + frames[:, [2 + axis]] * along + frames[:, [4 + axis]] * down for axis in range(2))
    frequency = np.arange(1, _FREQUENCIES + 1)
    samples = ((np.cos(np.pi * y[:, :, None] * frequency) @ blur) * np.cos(np.pi * x[:, :, None] * frequency)).sum(axis=2)
    places = np.pi / (2 * _SAMPLES) * (2 * np.arange(_SAMPLES) + 1)
    cosines = np.sqrt(2 / _SAMPLES) * np.cos(np.arange(1, COARSE + 1)[:, None] * places)
    found: Floats = cosines @ samples.reshape(-1, _SAMPLES, _SAMPLES) @ cosines.T
    return found
