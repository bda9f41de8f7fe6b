# SPDX-License-Identifier: Apache-2.0
"""Search over videos: candidates by their frames, then each candidate's frames in their order of time.

The frame index is exact, and a candidate is dropped only if too few of its frames, or of the query's, have their like in the
other for any alignment to match: so nothing is missed, and a logo that a thousand videos share costs no thousand alignments.
Fingerprints are private: what is removed is overwritten. All methods may be called from any thread.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from stillmine.matching.hamming import HammingIndex
from stillmine.matching.results import AlignedSpan, TimedMatch
from stillmine.matching.video_alignment import MATCHED_SHARE, Frames, aligned_spans, comparable, phase_of, phases, spread
from stillmine.wire.kinds import MAXIMUM_DISTANCE_BITS
from stillmine.wire.vpdq import VideoFrame

_KEY = np.dtype([("number", ">u8"), ("place", ">u8")])
"""What the frame index calls a frame: the video's number here, and which of its different hashes."""

_PLACE_BITS = 24
_PDQ_BYTES = 32
_BLOCK_VALUES = 64
"""Different frames of a query that are looked up at once: what each finds is joined before the next, so that memory stays bounded."""

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class _Stored:
    """A video in the index; `weights` are how many seconds show each of its different hashes."""

    id: bytes
    frames: Frames
    weights: NDArray[np.int64]

    def wipe(self) -> None:
        self.frames.words[:] = 0
        self.frames.seconds[:] = 0


class VideoIndex:
    """Videos by id."""

    def __init__(self) -> None:
        # Guards the three below. A number is never used twice, so what a search found of a removed video leads nowhere.
        self._lock = Lock()
        self._numbers: dict[bytes, int] = {}
        self._videos: dict[int, _Stored] = {}
        self._next_number = 0
        self._frames = HammingIndex()

    def __len__(self) -> int:
        with self._lock:
            return len(self._numbers)

    def __contains__(self, id: object) -> bool:
        with self._lock:
            return id in self._numbers

    def add(self, id: bytes, frames: Sequence[VideoFrame]) -> None:
        """Add a video, or replace the one with this id."""
        good = comparable(frames)
        shown = spread(good)
        values, which = shown.different()
        stored = _Stored(id, good, np.bincount(which))
        with self._lock:
            self._drop(id)
            number = self._next_number
            self._next_number += 1
            self._numbers[id] = number
            self._videos[number] = stored
            self._frames.add_many(_keys(number, stored), values)

    def remove(self, id: bytes) -> bool:
        """Forget a video and overwrite its frames; returns whether it was there. It is not returned by a search that ends later."""
        with self._lock:
            return self._drop(id)

    def search(self, frames: Sequence[VideoFrame], frames_per_second: int = 1) -> list[TimedMatch]:
        """Return the videos that the query is a copy of, or holds, or was cut from; longest match first."""
        good = comparable(frames)
        shown = spread(good, frames_per_second)
        if not len(shown):
            return []
        queries = phases(shown, frames_per_second)
        found = []
        for number in self._candidates(shown, frames_per_second):
            with self._lock:
                stored = self._videos.get(number)
            if stored is None:
                continue
            comparison = spread(stored.frames)
            spans = max((aligned_spans(query, comparison) for query in queries), key=_seconds)
            if spans:
                found.append((number, TimedMatch(stored.id, good.is_same_as(stored.frames), spans)))
        with self._lock:
            matches = [match for number, match in found if number in self._videos]
        return sorted(matches, key=lambda match: (-_seconds(match.spans), match.id))

    def _candidates(self, shown: Frames, frames_per_second: int) -> list[int]:
        """Return the numbers of videos of which enough has its like in the query, or the other way round, in order."""
        values, which = shown.different()
        hits = self._hits(values)
        phase = phase_of(shown, frames_per_second)
        weights = [np.bincount(which[phase == place], minlength=len(values) // _PDQ_BYTES) for place in range(frames_per_second)]
        chosen = []
        for number, queries, places in hits:
            with self._lock:
                stored = self._videos.get(number)
            if stored is None:
                continue
            shares = [weight[queries].sum() / weight.sum() for weight in weights if weight.any()]
            shares.append(stored.weights[places].sum() / stored.weights.sum())
            if max(shares) >= MATCHED_SHARE - _ROUNDING:
                chosen.append(number)
        return chosen

    def _hits(self, values: bytes) -> list[tuple[int, NDArray[np.int64], NDArray[np.int64]]]:
        """Return for each video with like frames its number, which values of the query and which of its own hashes are alike."""
        of_query = of_stored = np.empty(0, dtype=np.int64)
        for start in range(0, len(values), _BLOCK_VALUES * _PDQ_BYTES):
            batch = self._frames.search_many(values[start : start + _BLOCK_VALUES * _PDQ_BYTES], MAXIMUM_DISTANCE_BITS)
            keys = batch.ids.view(_KEY)
            numbers = keys["number"].astype(np.int64) << _PLACE_BITS
            of_query = np.union1d(of_query, numbers | (batch.queries + np.int64(start // _PDQ_BYTES)))
            of_stored = np.union1d(of_stored, numbers | keys["place"].astype(np.int64))
        by_number = dict(_groups(of_stored))
        return [(number, queries, by_number[number]) for number, queries in _groups(of_query)]

    def _drop(self, id: bytes) -> bool:
        number = self._numbers.pop(id, None)
        if number is None:
            return False
        stored = self._videos.pop(number)
        keys = _keys(number, stored)
        for start in range(0, len(keys), _KEY.itemsize):
            self._frames.remove(keys[start : start + _KEY.itemsize])
        stored.wipe()
        return True


def _groups(pairs: NDArray[np.int64]) -> list[tuple[int, NDArray[np.int64]]]:
    """Return the places by number of sorted pairs (number, place) in one integer each."""
    if not len(pairs):
        return []
    numbers = pairs >> _PLACE_BITS
    firsts = np.flatnonzero(np.diff(numbers, prepend=numbers[0] - 1))
    return list(zip(numbers[firsts].tolist(), np.split(pairs & ((1 << _PLACE_BITS) - 1), firsts[1:]), strict=True))


def _keys(number: int, stored: _Stored) -> bytes:
    keys = np.empty(len(stored.weights), dtype=_KEY)
    keys["number"] = number
    keys["place"] = np.arange(len(stored.weights))
    return keys.tobytes()


def _seconds(spans: Sequence[AlignedSpan]) -> float:
    """How long they last; a second more where there are any, so that a match of no length is one."""
    return sum(span.query_end - span.query_start for span in spans) + bool(spans)
