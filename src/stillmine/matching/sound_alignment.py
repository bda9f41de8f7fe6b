# SPDX-License-Identifier: Apache-2.0
"""Whether one sound is another, or part of it: values are compared bit by bit at the shift in time that most of them agree on.

Pure arithmetic over two lists of 32-bit values. Silence and single notes give values that many sounds share, so agreement must go on for
long enough and be most of one of the two. Contract: spec/screen.md.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from stillmine.matching.results import AlignedSpan

Values = NDArray[np.uint32]

VALUES_PER_SECOND = 11025 / (4096 / 3)
"""Chromaprint's standard algorithm: 11,025 samples a second in frames of 4,096 that overlap by two thirds."""

MAXIMUM_ERROR_BITS = 10
"""Of 32, as a mean over `SMOOTHED_VALUES`; two sounds that have nothing in common differ in 16."""

MINIMUM_MATCHED_VALUES = 24
"""Three seconds. A value looks at 2.6 seconds, so a clip of five and a half is enough: the shortest that is fingerprinted at all."""

MINIMUM_DIFFERENT_VALUES = 12
"""Silence and a held note repeat one value; agreement on so few tells nothing."""

MATCHED_SHARE = 0.8
"""Of the query's or of the stored sound's length."""

SHIFTS_TRIED = 4
"""Shifts looked at of one pair: those that most values agree on."""

SMOOTHED_VALUES = 16
MINIMUM_RUN = 16


def as_values(values: Sequence[int]) -> Values:
    """Return values in the form that the functions here take."""
    return np.array(values, dtype=np.uint32)


def aligned_sound_spans(query: Values, stored: Values, shifts: Sequence[int]) -> tuple[AlignedSpan, ...]:
    """Return which seconds match at the best of some shifts (place in stored less place in query); nothing if none is a match."""
    best: list[tuple[int, int]] = []
    best_shift = 0
    for shift in shifts:
        runs = _agreeing_runs(query, stored, shift)
        if _length(runs) > _length(best):
            best, best_shift = runs, shift
    matched = _length(best)
    is_long_enough = matched >= max(MINIMUM_MATCHED_VALUES, MATCHED_SHARE * min(len(query), len(stored)))
    if not is_long_enough or _different(query, best) < MINIMUM_DIFFERENT_VALUES:
        return ()
    return tuple(_span(start, end, best_shift) for start, end in best)


def _agreeing_runs(query: Values, stored: Values, shift: int) -> list[tuple[int, int]]:
    """Return the places in the query, from and to, where the two agree for long enough."""
    start, end = max(0, -shift), min(len(query), len(stored) - shift)
    if end - start < MINIMUM_RUN:
        return []
    errors = np.bitwise_count(query[start:end] ^ stored[start + shift : end + shift]).astype(np.float64)
    totals = np.concatenate(([0.0], np.cumsum(errors)))
    half = SMOOTHED_VALUES // 2
    before, after = np.maximum(np.arange(len(errors)) - half, 0), np.minimum(np.arange(len(errors)) + half, len(errors))
    agrees = (totals[after] - totals[before]) / (after - before) <= MAXIMUM_ERROR_BITS
    edges = np.flatnonzero(np.diff(np.concatenate(([False], agrees, [False]))))
    runs = [(start + int(first), start + int(last)) for first, last in edges.reshape(-1, 2)]
    return [(first, last) for first, last in runs if last - first >= MINIMUM_RUN]


def _different(query: Values, runs: Sequence[tuple[int, int]]) -> int:
    return len(np.unique(np.concatenate([query[first:last] for first, last in runs])))


def _length(runs: Sequence[tuple[int, int]]) -> int:
    return sum(last - first for first, last in runs)


def _span(start: int, end: int, shift: int) -> AlignedSpan:
    return AlignedSpan(
        query_start=start / VALUES_PER_SECOND,
        query_end=end / VALUES_PER_SECOND,
        stored_start=(start + shift) / VALUES_PER_SECOND,
        stored_end=(end + shift) / VALUES_PER_SECOND,
    )
