# SPDX-License-Identifier: Apache-2.0
"""Search over videos: candidates by their frames, then each candidate's frames in their order of time.

The frame index is exact, so no candidate is missed. Fingerprints are private: frames of a removed video are overwritten in the
frame index. All methods may be called from any thread.
"""

from collections.abc import Sequence
from threading import Lock

from stillmine.matching.hamming import HammingIndex
from stillmine.matching.spans import MatchedSpan, TimedMatch
from stillmine.matching.video_alignment import aligned_spans, comparable, phases, spread
from stillmine.wire.vpdq import VideoFrame

_NUMBER_BYTES, _PLACE_BYTES = 12, 4


class VideoIndex:
    """Videos by id; ids have one length."""

    def __init__(self) -> None:
        self._lock = Lock()
        # Guarded by the lock. The frame index holds each different comparable frame under the video's number and the frame's.
        self._videos: dict[bytes, tuple[VideoFrame, ...]] = {}
        self._numbers: dict[bytes, bytes] = {}
        self._ids: dict[bytes, bytes] = {}
        self._next_number = 0
        self._frames = HammingIndex()

    def __len__(self) -> int:
        with self._lock:
            return len(self._videos)

    def __contains__(self, id: object) -> bool:  # noqa: A002 - the glossary's word
        with self._lock:
            return id in self._videos

    def add(self, id: bytes, frames: Sequence[VideoFrame]) -> None:  # noqa: A002
        """Add a video, or replace the one with this id."""
        with self._lock:
            self._drop(id)
            self._videos[id] = tuple(frames)
            number = self._next_number.to_bytes(_NUMBER_BYTES)
            self._next_number += 1
            self._numbers[id], self._ids[number] = number, id
            for key, value in _keys(number, self._videos[id]).items():
                self._frames.add(key, value)

    def remove(self, id: bytes) -> bool:  # noqa: A002
        """Forget a video and overwrite its frames; returns whether it was there."""
        with self._lock:
            return self._drop(id)

    def search(self, frames: Sequence[VideoFrame], frames_per_second: int = 1) -> list[TimedMatch]:
        """Return the videos that the query is a copy of, or holds, or was cut from; longest match first."""
        queries = phases(spread(frames, frames_per_second), frames_per_second)
        found = []
        for candidate in sorted(self._candidates(frames)):
            with self._lock:
                stored = self._videos.get(candidate)
            if stored is None:
                continue
            comparison = spread(stored)
            spans = max((aligned_spans(query, comparison) for query in queries), key=_seconds)
            if spans:
                found.append(TimedMatch(candidate, tuple(frames) == stored, spans))
        return sorted(found, key=lambda match: -_seconds(match.spans))

    def _candidates(self, frames: Sequence[VideoFrame]) -> set[bytes]:
        different = {frame.pdq for frame in comparable(frames)}
        numbers = {near.id[:-_PLACE_BYTES] for value in different for near in self._frames.search(value)}
        with self._lock:
            return {self._ids[number] for number in numbers if number in self._ids}

    def _drop(self, id: bytes) -> bool:  # noqa: A002
        frames = self._videos.pop(id, None)
        if frames is None:
            return False
        number = self._numbers.pop(id)
        del self._ids[number]
        for key in _keys(number, frames):
            self._frames.remove(key)
        return True


def _seconds(spans: Sequence[MatchedSpan]) -> float:
    """How long they last; a second more where there are any, so that a match of no length is one."""
    return sum(span.query_end - span.query_start for span in spans) + bool(spans)


def _keys(number: bytes, frames: Sequence[VideoFrame]) -> dict[bytes, bytes]:
    """Return key and value of each different comparable frame."""
    different = dict.fromkeys(frame.pdq for frame in comparable(frames))
    return {number + place.to_bytes(_PLACE_BYTES): value for place, value in enumerate(different)}
