# SPDX-License-Identifier: Apache-2.0
"""Many sounds in one table, in which a query finds where it may lie: places by the highest bits of their value.

A table does not change, but for `wipe`, which overwrites one sound and every trace of it. Whoever wipes sees to it that nobody
searches meanwhile. Must never keep a value of a removed sound, not even as the group that a place stands in.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from stillmine.matching import _sound
from stillmine.matching.sound_alignment import (
    MATCHED_SHARE,
    MAXIMUM_ERROR_BITS,
    MINIMUM_MATCHED_VALUES,
    MINIMUM_RUN,
    SHIFTS_TRIED,
    SMOOTHED_VALUES,
    Values,
)

CODE_BITS = 14
"""Highest bits of a value that vote for a shift, as AcoustID's own tools do."""

MAXIMUM_VOTES = 20_000_000
"""Of one query in one table, about a fifth of a second. Above, its rarest codes vote: so a table full of one code, as somebody
hostile would make it, costs no more."""

_CODES = 1 << CODE_BITS
_NO_SOUND = np.uint32(0xFFFF_FFFF)


class SoundTable:
    """Sounds in the order given, each with its id."""

    def __init__(self, ids: Sequence[bytes], sounds: Sequence[Values]) -> None:
        """`ids` and `sounds` have one length; together at most 2^32 - 2 values."""
        lengths = np.array([len(values) for values in sounds], dtype=np.uint32)
        self.ids = tuple(ids)
        self._wiped: set[int] = set()
        self._values: Values = np.concatenate(sounds) if sounds else np.empty(0, dtype=np.uint32)
        self._offsets: NDArray[np.uint32] = np.concatenate((np.zeros(1, dtype=np.uint32), np.cumsum(lengths, dtype=np.uint32)))
        codes = self._values >> np.uint32(32 - CODE_BITS)
        order = np.argsort(codes, kind="stable").astype(np.uint32)
        owners = np.repeat(np.arange(len(sounds), dtype=np.uint32), lengths)[order]
        self._places: NDArray[np.uint32] = np.stack((owners, order - self._offsets[owners]), axis=1)
        counts = np.bincount(codes, minlength=_CODES)
        self._starts: NDArray[np.uint32] = np.concatenate((np.zeros(1, dtype=np.uint32), np.cumsum(counts, dtype=np.uint32)))

    def __len__(self) -> int:
        """How many values it holds, those of wiped sounds included."""
        return len(self._values)

    @property
    def memory_bytes(self) -> int:
        """All tables together, in bytes."""
        return self._values.nbytes + self._offsets.nbytes + self._places.nbytes + self._starts.nbytes

    @property
    def is_mostly_wiped(self) -> bool:
        """Whether a new table of what is left would be less than half as large."""
        return 2 * sum(len(self.values_of(sound)) for sound in self._wiped) > len(self)

    def left(self) -> list[tuple[bytes, Values]]:
        """Return id and values of each sound that was not wiped."""
        return [(own, self.values_of(sound)) for sound, own in enumerate(self.ids) if sound not in self._wiped]

    def values_of(self, sound: int) -> Values:
        """Return a view of one sound's values."""
        return self._values[self._offsets[sound] : self._offsets[sound + 1]]

    def likely_shifts(self, query: Values) -> dict[int, list[int]]:
        """Return by sound the shifts (place in the sound less place in the query) at which it agrees with the query for long enough."""
        found: dict[int, list[int]] = {}
        for sound, shift in _sound.align(
            self._values,
            self._offsets,
            self._starts,
            self._places,
            np.ascontiguousarray(query),
            maximum_error_bits=MAXIMUM_ERROR_BITS,
            smoothed_values=SMOOTHED_VALUES,
            minimum_run=MINIMUM_RUN,
            minimum_matched=MINIMUM_MATCHED_VALUES,
            matched_share=MATCHED_SHARE,
            shifts=SHIFTS_TRIED,
            votes=MAXIMUM_VOTES,
        ):
            found.setdefault(sound, []).append(shift)
        return found

    def wipe(self, sound: int) -> None:
        """Overwrite a sound and the entries that lead to it."""
        values = self.values_of(sound)
        for code in np.unique(values >> np.uint32(32 - CODE_BITS)):
            group = self._places[self._starts[code] : self._starts[code + 1]]
            group[group[:, 0] == sound] = _NO_SOUND
        values[:] = 0
        self._wiped.add(sound)

    def wipe_all(self) -> None:
        """Overwrite everything, before the table is given up."""
        self._values[:] = 0
        self._places[:] = _NO_SOUND
