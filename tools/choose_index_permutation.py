# SPDX-License-Identifier: Apache-2.0
"""Chooses kernel/src/index_permutation.h from a file of real PDQ hashes: which bit of a fingerprint stands where in the index.

Bits of PDQ two rows apart are correlated, so bands of neighbours would put many values into few buckets. Simulated annealing keeps
correlated bits apart: it lessens the squared correlations of all pairs, weighted by how near the two stand. The result is committed and
fixed: a snapshot holds permuted values, and changing one entry makes every snapshot unreadable.

Patches at keypoints are turned to their own direction, so some bits of regions are one much more often than zero. With `--regions`, those
stand last, at the end of the last band, where they choose no bucket of a large index.

    python tools/choose_index_permutation.py FILE > kernel/src/index_permutation.h
    python tools/choose_index_permutation.py FILE --regions > kernel/src/index_region_permutation.h
"""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

BITS = 256
_WIDEST_BAND = 24
_STEPS = 300_000
_STEPS_BETWEEN_COOLING = 30_000
_LAST = 6


def bits_of(path: Path) -> NDArray[np.float64]:
    """Return the bits of the hashes in a file; bit j of a hash is bit j % 8 of byte j // 8."""
    hashes = np.frombuffer(bytes.fromhex(path.read_text().replace("\n", "")), dtype=np.uint8).reshape(-1, BITS // 8)
    return np.unpackbits(hashes, axis=1, bitorder="little").astype(np.float64)


def correlations(bits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the squared correlations of bits."""
    squared: NDArray[np.float64] = np.asarray(np.corrcoef(bits, rowvar=False)) ** 2
    return np.where(np.eye(BITS, dtype=bool), 0, squared)


def most_biased(bits: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the bits that are most often the same, the most biased last."""
    return np.asarray(np.argsort(np.abs(bits.mean(axis=0) - 0.5))[-_LAST:])


def chosen(squared: NDArray[np.float64], last: NDArray[np.int64]) -> list[int]:
    """Return the bit of the fingerprint that stands at each place; some stand last."""
    rng = np.random.default_rng(1)
    drawn = rng.permutation(BITS)
    places = np.concatenate([drawn[~np.isin(drawn, last)], last])
    movable = BITS - len(last)
    apart = np.abs(np.arange(BITS)[:, None] - np.arange(BITS))
    weights = np.where(apart == 0, 0, np.maximum(0, 1 - apart / _WIDEST_BAND))
    placed = squared[np.ix_(places, places)]
    heat = float((placed * weights).sum()) / 2000
    for step in range(_STEPS):
        first, second = rng.integers(movable, size=2)
        difference, nearer = placed[first] - placed[second], weights[second] - weights[first]
        gain = difference * nearer
        gain[[first, second]] = 0
        cost = 2 * float(gain.sum())
        if first != second and (cost < 0 or rng.random() < np.exp(-cost / heat)):
            for array in (places, placed, placed.T):
                array[[first, second]] = array[[second, first]]
        if step % _STEPS_BETWEEN_COOLING == 0:
            heat /= 2
    return [int(place) for place in places]


def render(places: list[int], name: str) -> str:
    """Return the header."""
    rows = [", ".join(str(place) for place in places[start : start + 16]) for start in range(0, BITS, 16)]
    lines = [
        "/* SPDX-License-Identifier: Apache-2.0 */",
        f"/* Made by tools/choose_index_permutation.py. Bit j of a permuted value is bit stillmine_{name}[j] of the value. */",
        f"#ifndef STILLMINE_INDEX_{name.upper()}_H",
        f"#define STILLMINE_INDEX_{name.upper()}_H",
        "",
        "#include <stdint.h>",
        "",
        f"static const uint8_t stillmine_{name}[256] = {{",
        *(f"    {row}," for row in rows),
        "};",
        "",
        "#endif",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    found = bits_of(Path(sys.argv[1]))
    if "--regions" in sys.argv[2:]:
        sys.stdout.write(render(chosen(correlations(found), most_biased(found)), "region_permutation"))
    else:
        sys.stdout.write(render(chosen(correlations(found), np.zeros(0, np.int64)), "permutation"))
