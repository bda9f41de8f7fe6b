# SPDX-License-Identifier: Apache-2.0
"""Fingerprints to measure with: uniform ones, and ones whose bits hang together as those of real pictures do.

Realistic ones are drawn from a Gaussian copula: a normal vector whose correlations are those of the bits (turned from signs to normals
by Grothendieck's identity) is cut at each bit's own share of ones. Correlations come from a file of real hashes where there is one,
otherwise from a made-up field in which neighbours of the 16 by 16 coefficients are correlated. Pairs of bits are as in real hashes;
what goes beyond pairs, and copies of one picture, is not in it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

BITS = 256
_BLOCK = 100_000

Rows = NDArray[np.uint8]


def uniform(rng: np.random.Generator, count: int) -> Rows:
    """Return values of independent bits, 32 bytes each."""
    return np.frombuffer(rng.bytes(count * 32), dtype=np.uint8).reshape(count, 32)


def real_hashes(path: Path) -> Rows | None:
    """Return the hashes of a text file with one in hexadecimal on each line, or nothing where there is no file."""
    if not path.is_file():
        return None
    return np.frombuffer(bytes.fromhex(path.read_text().replace("\n", "")), dtype=np.uint8).reshape(-1, 32)


def _made_up_correlations() -> NDArray[np.float64]:
    rows, columns = np.divmod(np.arange(BITS), 16)
    return np.asarray(0.35 ** (np.abs(rows[:, None] - rows) + np.abs(columns[:, None] - columns)), dtype=np.float64)


def realistic(real: Rows | None) -> Callable[[np.random.Generator, int], Rows]:
    """Return a function that draws values like these real ones."""
    if real is None:
        shares, correlations = np.full(BITS, 0.5), _made_up_correlations()
    else:
        bits = np.unpackbits(real, axis=1)
        shares = bits.mean(axis=0)
        correlations = np.sin(np.pi / 2 * np.corrcoef(bits, rowvar=False))
    eigenvalues, eigenvectors = np.linalg.eigh(correlations)
    factor = (eigenvectors * np.sqrt(np.maximum(eigenvalues, 0))).astype(np.float32)
    scale = np.sqrt((factor**2).sum(axis=1))
    cuts = np.quantile(np.random.default_rng(0).standard_normal(1_000_000), 1 - shares).astype(np.float32)

    def draw(rng: np.random.Generator, count: int) -> Rows:
        blocks = [
            np.packbits(rng.standard_normal((min(_BLOCK, count - start), BITS), dtype=np.float32) @ factor.T > cuts * scale, axis=1)
            for start in range(0, count, _BLOCK)
        ]
        return np.concatenate(blocks)

    return draw


def collisions(values: Rows, rng: np.random.Generator, bits: int = 24) -> float:
    """Return how many times as often as uniform values two of these agree in `bits` bits chosen at random; mean of some choices."""
    sample = np.unpackbits(values[:200_000], axis=1)
    ratios = []
    for _ in range(10):
        keys = sample[:, rng.choice(BITS, bits, replace=False)] @ (1 << np.arange(bits))
        counts = np.unique(keys, return_counts=True)[1].astype(np.float64)
        pairs = len(sample) * (len(sample) - 1)
        ratios.append((counts * (counts - 1)).sum() / pairs * 2**bits)
    return float(np.mean(ratios))
