# SPDX-License-Identifier: Apache-2.0
"""Fingerprints to measure with: uniform ones, and ones whose bits hang together as those of real pictures do.

Realistic ones are drawn from a Gaussian copula: a normal vector whose correlations are those of the bits (turned from signs to normals
by Grothendieck's identity) is cut at each bit's own share of ones. The correlations are those of 31,484 real hashes of photographs of
different collections: `pdq_pairs.npy` beside this file holds how often each two bits were one together, and no hash. Pairs of bits are
as in real hashes; what goes beyond pairs, and copies of one picture, is not in it.

    python bench/matching_data.py FILE    # count the pairs in a file of hashes, one in hexadecimal on each line, and write pdq_pairs.npy
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

BITS = 256
_BLOCK = 100_000
_PAIRS = Path(__file__).with_name("pdq_pairs.npy")

Rows = NDArray[np.uint8]


def uniform(rng: np.random.Generator, count: int) -> Rows:
    """Return values of independent bits, 32 bytes each."""
    return np.frombuffer(rng.bytes(count * 32), dtype=np.uint8).reshape(count, 32)


def real_hashes(path: Path) -> Rows | None:
    """Return the hashes of a text file with one in hexadecimal on each line, or nothing if there is no file."""
    if not path.is_file():
        return None
    return np.frombuffer(bytes.fromhex(path.read_text().replace("\n", "")), dtype=np.uint8).reshape(-1, 32)


@dataclass(frozen=True)
class Pairs:
    """In how many of `count` hashes each two bits are one, (BITS, BITS); the diagonal says it of each bit alone."""

    count: int
    ones: NDArray[np.int64]

    @property
    def shares(self) -> NDArray[np.float64]:
        """Of the hashes in which each bit is one."""
        return np.diagonal(self.ones) / self.count

    @property
    def correlations(self) -> NDArray[np.float64]:
        """Of each two bits."""
        covariances = self.ones / self.count - np.outer(self.shares, self.shares)
        deviations = np.sqrt(np.diagonal(covariances))
        return np.asarray(covariances / np.outer(deviations, deviations), dtype=np.float64)


def pairs_of(hashes: Rows) -> Pairs:
    """Return the pairs of (n, 32) hashes."""
    bits = np.unpackbits(hashes, axis=1).astype(np.int64)
    return Pairs(len(hashes), bits.T @ bits)


def kept_pairs(path: Path = _PAIRS) -> Pairs:
    """Return the pairs of the real hashes: their count, then the upper triangle row by row."""
    count, *kept = np.load(path, allow_pickle=False).astype(np.int64)
    ones = np.zeros((BITS, BITS), dtype=np.int64)
    ones[np.triu_indices(BITS)] = kept
    return Pairs(int(count), np.maximum(ones, ones.T))


def keep_pairs(pairs: Pairs, path: Path = _PAIRS) -> None:
    """Write what `kept_pairs` reads; of at most 65,535 hashes."""
    np.save(path, np.array([pairs.count, *pairs.ones[np.triu_indices(BITS)]], dtype=np.uint16), allow_pickle=False)


def realistic(pairs: Pairs) -> Callable[[np.random.Generator, int], Rows]:
    """Return a function that draws values like those whose pairs these are."""
    shares, correlations = pairs.shares, np.sin(np.pi / 2 * pairs.correlations)
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


if __name__ == "__main__":
    if (found := real_hashes(Path(sys.argv[1]))) is None:
        sys.exit(f"{sys.argv[1]} is no file")
    keep_pairs(pairs_of(found))
