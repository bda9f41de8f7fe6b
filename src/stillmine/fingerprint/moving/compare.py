# SPDX-License-Identifier: Apache-2.0
"""Which seconds of one video are in another, explained: how much, shifted by how much, and where.

Simple and exact: every frame against every frame. Looking through many videos is `matching`'s work. Pure values.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stillmine.fingerprint.moving.video import Frame
from stillmine.wire.kinds import MAXIMUM_DISTANCE_BITS

_BLOCK_FRAMES = 256
_MAX_VOTES_PER_PAIR = 64


@dataclass(frozen=True, slots=True)
class MatchedSpan:
    """Seconds `a_start` to `a_end` of A look like B from `b_start` on; both ends are sampled seconds."""

    a_start: float
    a_end: float
    b_start: float


@dataclass(frozen=True, slots=True)
class VideoComparison:
    """Percentages are of frames (runs of equal pictures count once), as the field's own matcher counts them.

    `offset_seconds` is to be added to a second of A to come to that of B, where most of them agree; None without a match.
    """

    percent_of_a: float
    percent_of_b: float
    nearest_bits: int | None
    offset_seconds: float | None
    spans: tuple[MatchedSpan, ...]

    @property
    def is_match(self) -> bool:
        """Whether any picture of one is in the other; how much of it counts is the policy of whoever asks."""
        return self.percent_of_a > 0


def compare_videos(a: Sequence[Frame], b: Sequence[Frame], max_distance_bits: int = MAXIMUM_DISTANCE_BITS) -> VideoComparison:
    """Return how the frames of A and B match within a distance; spans and offset are those of the best alignment."""
    if not a or not b:
        return VideoComparison(0.0, 0.0, None, None, ())
    pairs, nearest = _near_pairs(a, b, max_distance_bits)
    if not pairs:
        return VideoComparison(0.0, 0.0, nearest, None, ())
    offset = _best_offset(a, b, pairs)
    return VideoComparison(
        percent_of_a=100 * len({i for i, _ in pairs}) / len(a),
        percent_of_b=100 * len({j for _, j in pairs}) / len(b),
        nearest_bits=nearest,
        offset_seconds=offset,
        spans=_spans(a, b, pairs, offset),
    )


def _near_pairs(a: Sequence[Frame], b: Sequence[Frame], max_distance_bits: int) -> tuple[list[tuple[int, int]], int]:
    left, right = _words(a), _words(b)
    pairs: list[tuple[int, int]] = []
    nearest = 256
    for start in range(0, len(a), _BLOCK_FRAMES):
        distances = np.bitwise_count(left[start : start + _BLOCK_FRAMES, None, :] ^ right[None, :, :]).sum(axis=2, dtype=np.uint16)
        nearest = min(nearest, int(distances.min()))
        rows, columns = np.nonzero(distances <= max_distance_bits)
        pairs.extend(zip((rows + start).tolist(), columns.tolist(), strict=True))
    return pairs, nearest


def _words(frames: Sequence[Frame]) -> npt.NDArray[np.uint64]:
    return np.frombuffer(b"".join(frame.pdq for frame in frames), dtype=np.uint64).reshape(len(frames), 4)


def _best_offset(a: Sequence[Frame], b: Sequence[Frame], pairs: Sequence[tuple[int, int]]) -> float:
    """Return the whole-second shift that most seconds agree on, the smallest where several do."""
    votes: Counter[int] = Counter()
    for i, j in pairs:
        first = round(b[j].start_seconds - a[i].end_seconds)
        last = round(b[j].end_seconds - a[i].start_seconds)
        for offset in range(first, min(last, first + _MAX_VOTES_PER_PAIR) + 1):
            votes[offset] += _overlap_seconds(a[i], b[j], offset)
    most = max(votes.values())
    return float(min((offset for offset, count in votes.items() if count == most), key=abs))


def _overlap_seconds(a: Frame, b: Frame, offset: float) -> int:
    start = max(a.start_seconds, b.start_seconds - offset)
    end = min(a.end_seconds, b.end_seconds - offset)
    return max(0, int(end - start + 1.5))


def _spans(a: Sequence[Frame], b: Sequence[Frame], pairs: Sequence[tuple[int, int]], offset: float) -> tuple[MatchedSpan, ...]:
    """Return the seconds of A that match at the offset give or take half a second, joined where they touch."""
    pieces = []
    for i, j in pairs:
        start = max(a[i].start_seconds, b[j].start_seconds - offset - 0.5)
        end = min(a[i].end_seconds, b[j].end_seconds - offset + 0.5)
        if start <= end:
            pieces.append((start, end))
    joined: list[list[float]] = []
    for start, end in sorted(pieces):
        if joined and start <= joined[-1][1] + 1:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([start, end])
    return tuple(MatchedSpan(start, end, max(0.0, start + offset)) for start, end in joined)
