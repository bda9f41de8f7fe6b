# SPDX-License-Identifier: Apache-2.0
"""Whose turn it is where several uploads wait for a few workers: the shortest first, and never long ones on all of them.

One file that takes a minute must not keep a hundred waiting that take a second. Must never know anything of a file but how long it is
thought to take.
"""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class _Waiting:
    seconds: float
    number: int
    is_long: bool = field(compare=False)


class WorkerQueue:
    """Turns for as many at once as there are workers. Safe to use from several threads."""

    def __init__(self, workers: int, kept_for_short: int) -> None:
        """Of `workers`, `kept_for_short` are never all taken by what is long."""
        self._condition = threading.Condition()
        self._numbers = itertools.count()
        self._workers = workers
        # Guarded by the condition.
        self._free = workers
        self._free_for_long = workers - kept_for_short
        self._waiting: list[_Waiting] = []

    @contextmanager
    def turn(self, seconds: float, is_long: bool, patience_seconds: float) -> Iterator[None]:
        """Wait for a turn and hold it; raises TimeoutError after `patience_seconds`. `seconds` is how long it is thought to take."""
        with self._condition:
            me = _Waiting(seconds, next(self._numbers), is_long)
            self._waiting.append(me)
            is_my_turn = self._condition.wait_for(lambda: self._is_next(me), patience_seconds)
            self._waiting.remove(me)
            self._take(me, 1 if is_my_turn else 0)
        if not is_my_turn:
            raise TimeoutError
        try:
            yield
        finally:
            with self._condition:
                self._take(me, -1)

    def count(self) -> tuple[int, int]:
        """Return how many hold a turn and how many wait for one."""
        with self._condition:
            return self._workers - self._free, len(self._waiting)

    def _is_next(self, me: _Waiting) -> bool:
        return self._may_begin(me) and not any(other < me and self._may_begin(other) for other in self._waiting)

    def _may_begin(self, waiting: _Waiting) -> bool:
        return self._free > 0 and (not waiting.is_long or self._free_for_long > 0)

    def _take(self, waiting: _Waiting, number: int) -> None:
        self._free -= number
        self._free_for_long -= number if waiting.is_long else 0
        self._condition.notify_all()
