# SPDX-License-Identifier: Apache-2.0
"""Whether one video is another, or part of it: frames are compared, and must follow each other as they do there.

Pure arithmetic over two lists of frames. A shared logo or title card must never be enough: it is a small share of either video, or
does not go on for long enough. Contract: spec/screen.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stillmine.matching.results import AlignedSpan
from stillmine.wire.kinds import MAXIMUM_DISTANCE_BITS, MINIMUM_QUALITY
from stillmine.wire.vpdq import VideoFrame

MATCHED_SHARE = 0.8
"""Of the query's or of the stored video's frames: the field's threshold for the query."""

MINIMUM_ALIGNED_FRAMES = 3
MINIMUM_ALIGNED_SECONDS = 3.0

MAXIMUM_FRAMES = 28_800
"""Frames looked at of one video, those of still scenes included: four hours at two a second."""

SPEEDS = (1.0, 0.95, 1.05, 0.9, 1.1, 0.8, 1.25, 1.5, 0.5, 2.0)
"""How many seconds of the stored video pass in one of the query, in the order in which they are tried."""

_WINDOW_SECONDS = 1
_BLOCK = 64
_WORDS = 4


@dataclass(frozen=True, slots=True)
class Frames:
    """The frames of one video that are good enough to compare, in the order of time."""

    words: NDArray[np.uint64]
    """Four a frame."""
    seconds: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.seconds)

    def is_same_as(self, other: "Frames") -> bool:
        """Whether all hashes and times are equal."""
        return np.array_equal(self.words, other.words) and np.array_equal(self.seconds, other.seconds)

    def different(self) -> tuple[bytes, NDArray[np.int64]]:
        """Return the different hashes, 32 bytes each, and for each frame which of them is its own."""
        rows = np.ascontiguousarray(self.words).view(np.dtype((np.void, 8 * _WORDS))).reshape(-1)
        values, which = np.unique(rows, return_inverse=True)
        return values.tobytes(), which.astype(np.int64)


def comparable(frames: Sequence[VideoFrame]) -> Frames:
    """Return the frames of enough quality, as many as are looked at."""
    good = [frame for frame in frames if frame.quality >= MINIMUM_QUALITY][:MAXIMUM_FRAMES]
    words = np.frombuffer(b"".join(frame.pdq for frame in good), dtype=np.uint64).reshape(-1, _WORDS).copy()
    return Frames(words, np.array([frame.seconds for frame in good], dtype=np.float64))


def spread(frames: Frames, frames_per_second: int = 1) -> Frames:
    """Return frames with those of still scenes filled in, which are written as their first and last frame, with one hash."""
    words, seconds = frames.words, frames.seconds
    if len(frames) < 2:
        return frames
    step = 1 / frames_per_second
    is_still = (words[1:] == words[:-1]).all(axis=1)
    missing = np.where(is_still, np.ceil(np.diff(seconds) / step - 1.5), 0).clip(0).astype(np.int64)
    missing = np.minimum(missing, np.maximum(MAXIMUM_FRAMES - len(frames) - (np.cumsum(missing) - missing), 0))
    times = np.append(missing + 1, 1)
    place = np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times)
    return Frames(np.repeat(words, times, axis=0), np.repeat(seconds, times) + place * step)


def phase_of(frames: Frames, frames_per_second: int) -> NDArray[np.int64]:
    """Return for each frame its place within its second, from 0."""
    return np.rint(frames.seconds * frames_per_second).astype(np.int64) % frames_per_second


def phases(frames: Frames, frames_per_second: int) -> list[Frames]:
    """Return the frames that were taken a whole second apart, once for each time in a second at which some were taken.

    A stored video has one frame a second; of a query with more, one phase meets these frames and the others fall between them.
    """
    phase = phase_of(frames, frames_per_second)
    return [Frames(frames.words[phase == number], frames.seconds[phase == number]) for number in range(frames_per_second)]


def aligned_spans(query: Frames, stored: Frames) -> tuple[AlignedSpan, ...]:
    """Return which seconds match, or nothing where the two are no match."""
    if not len(query) or not len(stored):
        return ()
    near = _near(query, stored)
    shares = near.any(axis=1).mean(), np.unpackbits(np.bitwise_or.reduce(near, axis=0), count=len(stored)).mean()
    if min(len(query), len(stored)) < MINIMUM_ALIGNED_FRAMES:
        return (_whole(query, stored),) if min(shares) >= MATCHED_SHARE else ()
    if max(shares) < MATCHED_SHARE:
        return ()
    pairs = _best_at_any_speed(query, stored, near)
    spans = _spans(query, stored, pairs)
    lasts = sum(span.query_end - span.query_start for span in spans)
    return spans if len(pairs) >= MINIMUM_ALIGNED_FRAMES and lasts >= MINIMUM_ALIGNED_SECONDS - _WINDOW_SECONDS else ()


def _best_at_any_speed(query: Frames, stored: Frames, near: NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Return the pairs of the speed at which most are aligned; of equals the first. Enough of the shorter one is enough."""
    best: list[tuple[int, int]] = []
    for speed in SPEEDS:
        pairs = _best_alignment(query.seconds * speed, stored.seconds, near)
        if len(pairs) > len(best):
            best = pairs
        if len(best) >= MATCHED_SHARE * min(len(query), len(stored)):
            break
    return best


def _near(query: Frames, stored: Frames) -> NDArray[np.uint8]:
    """Row by query frame, bit by stored frame: whether they are the same picture. In blocks and bits, so that memory stays bounded."""
    near = np.empty((len(query), (len(stored) + 7) // 8), dtype=np.uint8)
    for start in range(0, len(query), _BLOCK):
        block = query.words[start : start + _BLOCK]
        bits = np.zeros((len(block), len(stored)), dtype=np.uint16)
        for word in range(_WORDS):
            bits += np.bitwise_count(block[:, word, None] ^ stored.words[None, :, word])
        near[start : start + _BLOCK] = np.packbits(bits <= MAXIMUM_DISTANCE_BITS, axis=1)
    return near


def _best_alignment(query: NDArray[np.float64], stored: NDArray[np.float64], near: NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Return (query frame, stored frame) for the shift between their seconds at which most query frames find their like."""
    first = int(np.floor(stored[0] - query[-1])) - 1
    last = int(np.floor(stored[-1] - query[0])) + 1
    counts = np.zeros(last - first + 2, dtype=np.int64)
    for row in range(len(query)):
        alike = np.flatnonzero(np.unpackbits(near[row], count=len(stored)))
        shifts = np.floor(stored[alike] - query[row]).astype(np.int64) - first
        counts[np.unique(np.concatenate((shifts, shifts - 1)))] += 1
    best = int(counts.argmax()) + first
    pairs = []
    for row in range(len(query)):
        alike = np.flatnonzero(np.unpackbits(near[row], count=len(stored)))
        shifted = stored[alike] - query[row] - best
        off_centre = np.where((shifted >= 0) & (shifted < _WINDOW_SECONDS + 1), np.abs(shifted - _WINDOW_SECONDS), np.inf)
        if len(alike) and np.isfinite(off_centre.min()):
            pairs.append((row, int(alike[off_centre.argmin()])))
    return pairs


def _spans(query: Frames, stored: Frames, pairs: list[tuple[int, int]]) -> tuple[AlignedSpan, ...]:
    """Join pairs whose query frames follow each other."""
    runs: list[list[tuple[int, int]]] = []
    for pair in pairs:
        if runs and pair[0] == runs[-1][-1][0] + 1:
            runs[-1].append(pair)
        else:
            runs.append([pair])
    return tuple(_span(query, stored, run[0], run[-1]) for run in runs)


def _span(query: Frames, stored: Frames, first: tuple[int, int], last: tuple[int, int]) -> AlignedSpan:
    return AlignedSpan(
        query_start=float(query.seconds[first[0]]),
        query_end=float(query.seconds[last[0]]),
        stored_start=float(stored.seconds[first[1]]),
        stored_end=float(stored.seconds[last[1]]),
    )


def _whole(query: Frames, stored: Frames) -> AlignedSpan:
    return _span(query, stored, (0, 0), (len(query) - 1, len(stored) - 1))
