# SPDX-License-Identifier: Apache-2.0
"""Whether one sound is in another, explained: shifted by how much, how alike, for how long.

The verdict is `matching`'s own, so that what is explained here is what a partner finds. Pure values.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stillmine.fingerprint.sound.chromaprint_library import VALUE_SECONDS, Values
from stillmine.matching.results import AlignedSpan
from stillmine.matching.sound import matched_sound_spans

_UNRELATED = 0.5
"""Share of bits in which unrelated sounds differ."""

_MINIMUM_OVERLAP = 16


@dataclass(frozen=True, slots=True)
class SoundComparison:
    """`offset_seconds` is to be added to a second of A to come to that of B; `bit_error_rate` (0 the same, 0.5 unrelated) is that
    of the whole overlap at this offset, which may hold more than what matched. In the spans A is `query`, B is `stored`.
    """

    is_match: bool
    offset_seconds: float | None
    bit_error_rate: float | None
    matched_seconds: float
    spans: tuple[AlignedSpan, ...]


def compare_sounds(a: Sequence[int], b: Sequence[int]) -> SoundComparison:
    """Return how the values of two sounds match; without a match, offset and error rate are those of the likeliest overlap."""
    left, right = np.array(a, dtype=np.uint32), np.array(b, dtype=np.uint32)
    spans = matched_sound_spans(left, right)
    if spans:
        shift = round((spans[0].stored_start - spans[0].query_start) / VALUE_SECONDS)
    else:
        likeliest = _likeliest_shift(left, right)
        if likeliest is None:
            return SoundComparison(False, None, None, 0.0, ())
        shift = likeliest
    matched = sum(span.query_end - span.query_start for span in spans)
    return SoundComparison(bool(spans), shift * VALUE_SECONDS, _error_rate(left, right, shift), matched, spans)


def _likeliest_shift(left: Values, right: Values) -> int | None:
    """Return the shift whose agreement is least likely to be chance; None if the two never overlap for long enough."""
    best, best_score = None, -1.0
    for shift in range(_MINIMUM_OVERLAP - len(left), len(right) - _MINIMUM_OVERLAP + 1):
        overlap = min(len(left), len(right) - shift) - max(0, -shift)
        if overlap < _MINIMUM_OVERLAP:
            continue
        score = float((_UNRELATED - _error_rate(left, right, shift)) * overlap**0.5)
        if score > best_score:
            best, best_score = shift, score
    return best


def _error_rate(left: Values, right: Values, shift: int) -> float:
    start, end = max(0, -shift), min(len(left), len(right) - shift)
    return float(np.bitwise_count(left[start:end] ^ right[start + shift : end + shift]).mean()) / 32
