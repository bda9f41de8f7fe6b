# SPDX-License-Identifier: Apache-2.0
"""PDQ the slow and obvious way, in double precision, to check the kernel against.

Follows the published description step by step (Facebook, "The TMK+PDQF Video-Hashing Algorithm and the PDQ
Image-Hashing Algorithm", 2019): luma, two box passes, sampling, DCT, median. Shares no idea with the kernel beyond
that. Must never be used for anything but checking: it is a thousand times slower.
"""

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Picture = NDArray[np.uint8]

SIDE = 64
KEPT = 16
MINIMUM_SET_BITS = 32
_HAIR = 1e-6
"""Doubles stop being exact somewhere below this; values nearer than this count as equal, as they do in exact arithmetic."""


def reference_pdq(picture: Picture) -> tuple[list[bytes], int]:
    """Return the eight hashes, in the order of the variants, and the quality of (height, width[, 3 or 4]) bytes."""
    return hash_blocks(sample_turns(picture))


def sample_turns(picture: Picture) -> list[Matrix]:
    """Return the 64 x 64 blocks of the picture turned in each of the eight ways."""
    return [downsample(turned) for turned in turns(to_luma(picture))]


def hash_blocks(blocks: list[Matrix]) -> tuple[list[bytes], int]:
    """Return the hash of each block, and the quality of the first."""
    hashes = [to_hash(transform(block)) for block in blocks]
    set_bits = int.from_bytes(hashes[0], "big").bit_count()
    return hashes, 0 if set_bits < MINIMUM_SET_BITS else measure_quality(blocks[0])


def to_luma(picture: Picture) -> Matrix:
    """Return luma 0 to 255; alpha is laid on white, each colour rounded to a whole number."""
    if picture.ndim == 2:
        return picture.astype(np.float64)
    colours = picture[..., :3].astype(np.float64)
    if picture.shape[2] == 4:
        alpha = picture[..., 3:].astype(np.float64)
        colours = np.floor((colours * alpha + 255 * (255 - alpha)) / 255 + 0.5)
    return np.asarray(colours @ np.array([0.299, 0.587, 0.114]))


def downsample(luma: Matrix) -> Matrix:
    """Return the 64 x 64 block: twice a box pass along both axes, then the pixel at each cell's centre."""
    height, width = luma.shape
    for _ in range(2):
        luma = box_pass(box_pass(luma.T, window_size(width)).T, window_size(height))
    return luma[np.ix_(sample_places(height), sample_places(width))]


def window_size(length: int) -> int:
    """Return the width of one box pass: a 128th of the axis, rounded up."""
    return (length + 2 * SIDE - 1) // (2 * SIDE)


def sample_places(length: int) -> list[int]:
    """Return the 64 positions that are kept along an axis."""
    return [int((sample + 0.5) * length / SIDE) for sample in range(SIDE)]


def box_pass(rows: Matrix, window: int) -> Matrix:
    """Return each row replaced by the mean of the rows in its window; at the edges of those that exist."""
    after = (window + 2) // 2
    before = window - after
    return np.stack([rows[max(0, i - before) : i + after].mean(axis=0) for i in range(len(rows))])


def measure_quality(block: Matrix) -> int:
    """Return PDQ's quality: steps between neighbours, each in whole hundredths of the range, summed and scaled."""
    steps = [np.abs(np.diff(block, axis=axis)) * 100 / 255 for axis in (0, 1)]
    return min(100, sum(int(np.floor(step + _HAIR).sum()) for step in steps) // 90)


def transform(block: Matrix) -> Matrix:
    """Return the coefficients of the frequencies 1 to 16 in both directions, vertical frequency first."""
    frequencies = np.arange(1, KEPT + 1)[:, None]
    columns = np.arange(SIDE)[None, :]
    cosines = np.sqrt(2 / SIDE) * np.cos(np.pi / (2 * SIDE) * frequencies * (2 * columns + 1))
    return np.asarray(cosines @ block @ cosines.T)


def to_hash(coefficients: Matrix) -> bytes:
    """Return 32 bytes, bit 255 first: which coefficients lie above the 128th smallest of the 256."""
    flat = coefficients.flatten()
    median = np.sort(flat)[len(flat) // 2 - 1]
    return np.packbits(flat[::-1] > median + _HAIR).tobytes()


def smallest_margin(coefficients: Matrix) -> float:
    """Return how far the nearest other coefficient lies from the median: what rounding would have to overcome."""
    flat = np.sort(coefficients.flatten())
    gaps = np.diff(flat)[len(flat) // 2 - 2 : len(flat) // 2]
    return float(gaps.min())


def turns(luma: Matrix) -> list[Matrix]:
    """Return the eight ways to turn and mirror a picture, in the order of the variants; turns are counter-clockwise."""
    return [
        luma,
        np.rot90(luma, 1),
        np.rot90(luma, 2),
        np.rot90(luma, 3),
        np.fliplr(luma),
        np.flipud(luma),
        luma.T,
        np.rot90(luma.T, 2),
    ]
