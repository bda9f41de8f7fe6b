# SPDX-License-Identifier: Apache-2.0
"""What can be drawn from a fingerprint alone: one PDQ, and a whole value of kind `regions`, turned back into a picture.

Each bit says on which side of the median one cosine of the picture, or of a patch of it, lies. We look for the picture that the bits and
the usual spectrum of photographs make likely, with few edges (total variation), by plain gradient steps: all patches and the PDQ of the
whole at once, each at the place that the value tells. A network trained on such pictures would draw more: figures from here are a lower
bound of what a value tells, and never proof that it tells no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stillmine.matching.region_values import StoredRegions, stored_regions

Floats = NDArray[np.float64]

AREA = 128 * 128
"""Pixels of what is drawn. A patch has 16 frequencies across at least 13 of these, so nothing finer is told."""
SIDE = 32
KEPT = 16
STEPS = 150
SPECTRUM = 1.1
"""Amplitude falls with frequency to the power of this, as in photographs."""
SLACK = 0.15
"""How far on the wrong side a coefficient may lie, in its usual size."""
VARIATION = 0.1
_FREQUENCIES = np.arange(1, KEPT + 1)


@dataclass(frozen=True)
class Patches:
    """Where patches are sampled in the drawing, row by row, and the signs that their cosines have; `bits` is (n, 16, 16) of +1 and -1."""

    x: Floats
    y: Floats
    bits: Floats


def bits_of(hashes: NDArray[np.uint8]) -> Floats:
    """Return +1 and -1 for hashes (n, 32), as (n, 16, 16): vertical frequency first."""
    bits = np.unpackbits(hashes, axis=1)[:, ::-1].reshape(-1, KEPT, KEPT)
    return bits.astype(np.float64) * 2 - 1


def size_of(width: int, height: int, area: int = AREA) -> tuple[int, int]:
    """Return the width and height of a drawing of a picture with these sides."""
    root = (area / (width * height)) ** 0.5
    return max(8, round(width * root)), max(8, round(height * root))


def whole(pdq: bytes, width: int, height: int) -> Patches:
    """Return the PDQ of the whole as one patch that is the drawing."""
    middle = (np.arange(SIDE) + 0.5) / SIDE
    y, x = np.meshgrid(middle * height, middle * width, indexing="ij")
    return Patches(x[None], y[None], bits_of(np.frombuffer(pdq, np.uint8)[None]))


def parts(stored: StoredRegions, width: int, height: int) -> Patches:
    """Return the regions as patches of the drawing: columns run along u, rows along v."""
    frames = stored.frames * np.array([width / stored.width, height / stored.height] * 3)
    place = (np.arange(SIDE) + 0.5) / (SIDE / 2) - 1
    down, along = (side.ravel() for side in np.meshgrid(place, place, indexing="ij"))
    x, y = (frames[:, [axis]] + frames[:, [2 + axis]] * along + frames[:, [4 + axis]] * down for axis in range(2))
    return Patches(x.reshape(-1, SIDE, SIDE), y.reshape(-1, SIDE, SIDE), bits_of(stored.hashes))


def cosines(length: int, count: int, first: int = 0) -> Floats:
    """Return orthonormal cosines (count, length) of frequencies from `first`."""
    frequency = np.arange(first, first + count)[:, None]
    rows = np.sqrt(2 / length) * np.cos(np.pi / (2 * length) * frequency * (2 * np.arange(length) + 1))
    if first == 0:
        rows[0] /= np.sqrt(2)
    return np.asarray(rows)


class Sampled:
    """The cosines of patches of a picture, and back again."""

    def __init__(self, width: int, height: int, patches: Sequence[Patches]) -> None:
        self._shape = (height, width)
        self.bits = np.concatenate([some.bits for some in patches])
        self._taps, self._weights = _sampling(np.concatenate([s.x for s in patches]), np.concatenate([s.y for s in patches]), width, height)
        self._patch = cosines(SIDE, KEPT, 1)

    def of(self, picture: Floats) -> Floats:
        """Return the cosines (n, 16, 16) of a picture (height, width)."""
        samples = (picture.ravel()[self._taps] * self._weights).sum(axis=0).reshape(-1, SIDE, SIDE)
        return np.asarray(self._patch @ samples @ self._patch.T)

    def back(self, pull: Floats) -> Floats:
        """Return the change of the picture (height, width) that changes of the cosines ask for."""
        samples = (self._patch.T @ pull @ self._patch).ravel()
        asked = np.bincount(self._taps.ravel(), (self._weights * samples).ravel(), self._shape[0] * self._shape[1])
        return np.asarray(asked.reshape(self._shape))

    def hits(self) -> Floats:
        """Return how many samples each pixel takes part in, (height, width)."""
        return np.asarray(np.bincount(self._taps.ravel(), self._weights.ravel(), self._shape[0] * self._shape[1]).reshape(self._shape))


class Inversion:
    """The drawing as cosines times their usual size, and what patches say of it."""

    def __init__(self, width: int, height: int, patches: Sequence[Patches]) -> None:
        self._across, self._down = cosines(width, width), cosines(height, height)
        frequency = np.hypot(np.arange(height)[:, None] / height, np.arange(width)[None, :] / width)
        frequency[0, 0] = 1
        self._usual = frequency**-SPECTRUM / np.sqrt((frequency ** -(2 * SPECTRUM)).mean())
        self._usual[0, 0] = 0
        self._sampled = Sampled(width, height, patches)
        random = np.random.default_rng(1)
        sizes = [self._sampled.of(self._drawn(random.standard_normal((height, width)))) ** 2 for _ in range(24)]
        self._size = _smoothed(np.mean(sizes, axis=0))

    def draw(self, steps: int = STEPS) -> Floats:
        """Return the likeliest drawing, (height, width), of no particular brightness and contrast."""
        inner = np.zeros(self._usual.shape)
        mean, square = np.zeros_like(inner), np.zeros_like(inner)
        for step in range(1, steps + 1):
            slope = self._slope(inner)
            mean, square = 0.9 * mean + 0.1 * slope, 0.99 * square + 0.01 * slope**2
            rate = 0.15 * (1 - step / (steps + 1)) ** 0.5
            inner -= rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.99**step)) + 1e-6)
        return self._drawn(inner)

    def _drawn(self, inner: Floats) -> Floats:
        return np.asarray(self._down.T @ (inner * self._usual) @ self._across)

    def _slope(self, inner: Floats) -> Floats:
        drawing, bits = self._drawn(inner), self._sampled.bits
        side = bits * self._sampled.of(drawing) / (self._size * SLACK)
        pull = -1.7 * bits / (self._size * SLACK) / (1 + np.exp(np.clip(1.7 * side, -50, 50)))
        back = self._sampled.back(pull) + VARIATION * _variation_slope(drawing)
        return np.asarray((self._down @ back @ self._across.T) * self._usual + inner)


def _sampling(x: Floats, y: Floats, width: int, height: int) -> tuple[NDArray[np.int64], Floats]:
    """Return four pixels and their weights for each sample, (4, samples); what lies outside is the nearest pixel."""
    left, top = np.floor(x - 0.5).ravel(), np.floor(y - 0.5).ravel()
    right, down = x.ravel() - 0.5 - left, y.ravel() - 0.5 - top
    taps, weights = [], []
    for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
        column = np.clip(left + dx, 0, width - 1).astype(np.int64)
        row = np.clip(top + dy, 0, height - 1).astype(np.int64)
        taps.append(row * width + column)
        weights.append((right if dx else 1 - right) * (down if dy else 1 - down))
    return np.stack(taps), np.stack(weights)


def _smoothed(squares: Floats) -> Floats:
    """Return usual sizes of coefficients from few samples: a scale for each patch, times a size for each pair of frequencies."""
    shape = np.sqrt(squares / squares.mean(axis=(1, 2), keepdims=True)).mean(axis=0)
    return np.asarray(np.sqrt(squares.mean(axis=(1, 2), keepdims=True)) * shape)


def _variation_slope(drawing: Floats) -> Floats:
    across, down = np.diff(drawing, axis=1, append=drawing[:, -1:]), np.diff(drawing, axis=0, append=drawing[-1:])
    length = np.sqrt(across**2 + down**2 + 1e-4)
    across, down = across / length, down / length
    slope = -across - down
    slope[:, 1:] += across[:, :-1]
    slope[1:] += down[:-1]
    return np.asarray(slope)


def from_pdq(pdq: bytes, width: int, height: int, steps: int = STEPS) -> Floats:
    """Draw what one PDQ tells of a picture whose shape is known (it isn't told)."""
    return Inversion(*size_of(width, height), [whole(pdq, *size_of(width, height))]).draw(steps)


def from_regions(value: bytes, steps: int = STEPS) -> Floats:
    """Draw what a value of kind `regions` tells: its patches and the PDQ in it."""
    stored = stored_regions(value)
    size = size_of(stored.width, stored.height)
    return Inversion(*size, [whole(value[6:38], *size), parts(stored, *size)]).draw(steps)
