# SPDX-License-Identifier: Apache-2.0
"""The numbers of regions that would otherwise need a mathematical library: for the readable reference, and baked into the kernel.

tools/generate_regions_tables.py prints them as kernel/src/regions_tables.h.
"""

import math
from typing import Final

LAYERS: Final = 4
"""Scales per octave at which extrema are looked for."""
FIRST_SIGMA: Final = 1.6
"""Of the first picture of an octave, in its pixels."""
GIVEN_SIGMA: Final = 0.5
"""That a picture is taken to have by itself."""
RADIUS_SIGMAS: Final = 6.0
"""Radius of a region, in sigmas of its extremum."""
SMALLEST_RADIUS: Final = 6.0
"""Pixels at an area of 256 x 256, for the byte 0."""
STEPS_PER_OCTAVE: Final = 48
TONE: Final = 3.0
"""The logarithm of tones begins so that black is stretched four times as much as white."""


def _sigmas() -> list[float]:
    wanted = [FIRST_SIGMA * 2 ** (layer / LAYERS) for layer in range(LAYERS + 3)]
    return [math.sqrt(one * one - other * other) for one, other in zip(wanted, [GIVEN_SIGMA, *wanted], strict=False)]


def _kernel(sigma: float) -> list[int]:
    weights = [math.exp(-(place**2) / (2 * sigma**2)) for place in range(math.ceil(3 * sigma) + 1)]
    whole = weights[0] + 2 * sum(weights[1:])
    outer = [round(65536 * weight / whole) for weight in weights[1:]]
    return [65536 - 2 * sum(outer), *outer]


BLURS: Final = [_kernel(sigma) for sigma in _sigmas()]
"""Gaussian weights in 1/65536, from the middle outwards: the first blur, then from one scale to the next."""

FIRST_RADIUS: Final = round(256 * STEPS_PER_OCTAVE * math.log2(RADIUS_SIGMAS * FIRST_SIGMA / SMALLEST_RADIUS))
"""The radius byte of an octave's first scale, in 1/256."""

RADII: Final = [round(65536 * SMALLEST_RADIUS * 2 ** (step / STEPS_PER_OCTAVE)) for step in range(STEPS_PER_OCTAVE)]
"""6 * 2^(n/48) in 1/65536 pixel."""

QUARTER_TURN: Final = [round(32768 * math.cos(2 * math.pi * step / 256)) for step in range(65)]
"""Cosines of n/256 turns in 1/32768."""

ANGLES: Final = [round(1024 / (2 * math.pi) * math.atan(step / 256)) for step in range(257)]
"""Angle of the slope n/256, of 1024 a turn."""

SECANTS: Final = [round(32768 * math.hypot(1, step / 256)) for step in range(257)]
"""Length of (1, n/256) in 1/32768."""

PATCH_COSINES: Final = [[round(8192 * math.cos(math.pi / 64 * f * (2 * k + 1))) for k in range(16)] for f in range(1, 17)]
"""Row f - 1 holds cos(pi/64 * f * (2k + 1)) in 1/8192 for k = 0..15; the other half follows by symmetry."""

_TONES = [round(255 * 128 * math.log1p(TONE * luma / 255) / math.log1p(TONE)) for luma in range(256)]
TONES: Final = [*_TONES, _TONES[-1]]
"""What luma n counts as where regions are looked for, in 1/128: a darker copy keeps the order of its contrasts. The last one twice."""
