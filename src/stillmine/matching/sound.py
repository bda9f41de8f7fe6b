# SPDX-License-Identifier: Apache-2.0
"""Search over sounds: where values agree votes for a shift in time, and what has enough votes is compared value by value.

Sounds lie in few tables, each larger than the next, so that adding one does not make all of it again and a search looks
into few. A removed sound is overwritten before `remove` returns. All methods may be called from any thread.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Condition, Lock

from stillmine.matching.results import AlignedSpan, TimedMatch
from stillmine.matching.sound_alignment import Values, aligned_sound_spans, as_values
from stillmine.matching.sound_table import SoundTable


class SoundIndex:
    """Sounds by id."""

    def __init__(self) -> None:
        self._writing = Lock()  # one writer at a time; searches go on while tables are made
        self._gate = _Gate()  # guards what is overwritten in place, and the two below
        self._tables: tuple[SoundTable, ...] = ()
        self._places: dict[bytes, tuple[SoundTable, int]] = {}

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, id: object) -> bool:
        return id in self._places

    def add(self, id: bytes, values: Sequence[int]) -> None:
        """Add a sound, or replace the one with this id; values of 32 bits in the order of time."""
        with self._writing:
            self._drop(id)
            made = SoundTable([id], [as_values(values)])
            outgrown = []
            for table in reversed(self._tables):
                if len(table) > 2 * len(made):
                    break
                outgrown.append(table)
                made = _joined(table, made)
            self._exchange(outgrown, made)

    def remove(self, id: bytes) -> bool:
        """Forget a sound and overwrite it; returns whether it was there. It is not returned by a search that ends later."""
        with self._writing:
            return self._drop(id)

    def search(self, values: Sequence[int]) -> list[TimedMatch]:
        """Return the sounds that the query is a copy of, or holds, or was cut from; longest match first."""
        query = as_values(values)
        with self._gate.together():
            found = [match for table in self._tables for match in self._search_table(table, query)]
        with self._gate.together():
            found = [match for match in found if match.id in self._places]
        return sorted(found, key=lambda match: (-sum(span.query_end - span.query_start for span in match.spans), match.id))

    def _search_table(self, table: SoundTable, query: Values) -> Iterator[TimedMatch]:
        for number, shifts in table.likely_shifts(query).items():
            stored = table.values_of(number)
            spans = aligned_sound_spans(query, stored, shifts)
            if spans:
                is_exact = len(query) == len(stored) and bool((query == stored).all())
                yield TimedMatch(table.ids[number], is_exact, spans)

    def _drop(self, id: bytes) -> bool:
        if id not in self._places:
            return False
        with self._gate.alone():
            table, number = self._places.pop(id)
            table.wipe(number)
        if table.is_mostly_wiped:
            self._exchange([table], _joined(table))
        return True

    def _exchange(self, old: Sequence[SoundTable], new: SoundTable) -> None:
        """Put a table, which holds what is left of some, in their place, and overwrite those."""
        with self._gate.alone():
            kept = [table for table in self._tables if table not in old]
            self._tables = tuple(sorted([*kept, *([new] if new.ids else [])], key=len, reverse=True))
            self._places.update((own, (new, number)) for number, own in enumerate(new.ids))
            for table in old:
                table.wipe_all()


def matched_sound_spans(query: Values, stored: Values) -> tuple[AlignedSpan, ...]:
    """Return which seconds of two sounds match, or nothing where they are no match."""
    shifts = SoundTable([b""], [stored]).likely_shifts(query).get(0, [])
    return aligned_sound_spans(query, stored, shifts)


def _joined(*tables: SoundTable) -> SoundTable:
    left = [sound for table in tables for sound in table.left()]
    return SoundTable([own for own, _ in left], [values for _, values in left])


class _Gate:
    """Many may be inside together, or one alone; whoever waits to be alone goes before those who come later."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._inside = 0
        self._waiting = 0
        self._is_alone = False

    @contextmanager
    def together(self) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: not self._is_alone and not self._waiting)
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        with self._changed:
            self._waiting += 1
            self._changed.wait_for(lambda: not self._is_alone and not self._inside)
            self._waiting -= 1
            self._is_alone = True
        try:
            yield
        finally:
            with self._changed:
                self._is_alone = False
                self._changed.notify_all()
