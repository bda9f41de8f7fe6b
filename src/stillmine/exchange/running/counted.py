# SPDX-License-Identifier: Apache-2.0
"""Count what went wrong since `serve` started. Must never hold anything of a request: steps and processes alone are counted."""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator

from stillmine.serving.exposition import Family, Sample


class Counted:
    """The counts of one `serve`. Safe to use from several threads."""

    def __init__(self, steps: Iterable[str]) -> None:
        """`steps` are all that upkeep has: each is counted from 0, so that its first failure is seen to rise."""
        self._lock = threading.Lock()
        # Guarded by the lock.
        self._failures = Counter(dict.fromkeys(map(_word, steps), 0))
        self._workers = 0
        self._index = 0

    def step_failed(self, step: str, _why: str) -> None:
        """Count a step of upkeep."""
        with self._lock:
            self._failures[_word(step)] += 1

    def worker_lost(self) -> None:
        """Count a worker that ended by itself."""
        with self._lock:
            self._workers += 1

    def index_lost(self) -> None:
        """Count an index that ended by itself."""
        with self._lock:
            self._index += 1

    def families(self, prefix: str) -> Iterator[Family]:
        """Return everything that was counted."""
        with self._lock:
            failures, workers, index = dict(self._failures), self._workers, self._index
        failed = [Sample(number, (("step", step),)) for step, number in sorted(failures.items())]
        yield Family(f"{prefix}upkeep_failures_total", "counter", "Steps of upkeep that failed.", failed)
        words = "Worker processes that ended by themselves, and were replaced."
        yield Family(f"{prefix}workers_lost_total", "counter", words, [Sample(workers)])
        yield Family(f"{prefix}index_lost_total", "counter", "The same of the index's process.", [Sample(index)])


def _word(step: str) -> str:
    return step.replace(" ", "_").replace("'", "")
