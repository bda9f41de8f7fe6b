# SPDX-License-Identifier: Apache-2.0
"""One run: list the source, look up what is due, write down each answer. Whatever ends it, the next one goes on.

This process alone has journal and store. Must never write an answer down before its match is recorded.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from stillmine.partner.backfill.in_step import InStep
from stillmine.partner.backfill.journal import Counts, Due, Journal
from stillmine.partner.backfill.local import Engine
from stillmine.partner.backfill.looking import Looking
from stillmine.partner.backfill.pace import Pace
from stillmine.partner.backfill.progress import Progress
from stillmine.partner.backfill.source import Source
from stillmine.partner.screening.screening import Screening
from stillmine.wire.screen import ScreenOutcome, ScreenResult

PAGE = 500
WRITTEN_AT_ONCE = 100
WRITE_SECONDS = 1.0
AHEAD = 4
"""Items handed over, for each that is looked up at once: none of them waits for a slow one."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is looked at that was answered before."""

    is_again: bool = False
    is_retry: bool = False


@dataclass(frozen=True, slots=True)
class Parts:
    """What a run stands on. `opened` reads the list, and is called again when it changed."""

    source: Source
    journal: Journal
    engine: Engine
    pace: Pace
    opened: Callable[[], AbstractContextManager[Screening]]
    in_step: Callable[[], InStep]
    progress: Progress
    monotonic: Callable[[], float] = time.monotonic


def run(parts: Parts, choice: Choice) -> Counts:
    """Return how it ended; raises StoppedError, and the StillmineError of why it can't go on. What was answered until then is kept."""
    for listed in parts.journal.list_items(parts.source.items(), is_again=choice.is_again, is_retry=choice.is_retry):
        parts.progress.listed(listed)
    counts = parts.journal.counts()
    parts.progress.show(counts, None)
    if counts.done < counts.total:
        parts.engine.start()
        try:
            after: int | None = 0
            while after is not None:
                after, counts = _Round(parts, counts).run(after)
        finally:
            parts.engine.close()
    parts.journal.end_run()
    return parts.journal.counts()


class _Round:
    """What is looked up in one state of the list."""

    def __init__(self, parts: Parts, counts: Counts) -> None:
        self._parts = parts
        self._counts = counts
        self._under_way: dict[Future[ScreenResult], Due] = {}
        self._answers: list[tuple[int, ScreenResult]] = []
        self._written_at = parts.monotonic()

    def run(self, after: int) -> tuple[int | None, Counts]:
        """Look up what is due behind that number, until the list is to be read again; return where to go on, None at the end."""
        parts = self._parts
        self._in_step = parts.in_step()
        with parts.opened() as screening, ThreadPoolExecutor(parts.engine.at_once, "backfill") as pool:
            looking = Looking(screening, parts.engine, parts.pace)
            try:
                for due in self._due(after):
                    self._under_way[pool.submit(looking.look, due.item)] = due
                    after = due.number
                    self._collect(parts.engine.at_once * AHEAD - 1)
                    if self._in_step.is_to_be_read:
                        break
                else:
                    self._collect(0)
                    self._write()
                    return None, self._counts
                self._collect(0)
                self._write()
            except BaseException:
                parts.pace.stop()
                self._keep_what_is_answered()
                raise
        return after, self._counts

    def _due(self, after: int) -> Iterator[Due]:
        while page := self._parts.journal.due(after, PAGE):
            yield from page
            after = page[-1].number

    def _collect(self, left_at_most: int) -> None:
        """Take answers until so few are under way; raises what stopped one of them."""
        while len(self._under_way) > left_at_most:
            done, _ = wait(self._under_way, timeout=WRITE_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                due = self._under_way.pop(future)
                self._answers.append((due.number, future.result()))
            is_time = self._parts.monotonic() - self._written_at >= WRITE_SECONDS
            if len(self._answers) >= WRITTEN_AT_ONCE or is_time:
                self._write()

    def _write(self) -> None:
        if self._answers:
            results = self._in_step.as_of_list([result for _, result in self._answers])
            self._parts.journal.answer([(number, result) for (number, _), result in zip(self._answers, results, strict=True)])
            self._counts = _with(self._counts, results)
            self._answers.clear()
        self._written_at = self._parts.monotonic()
        self._parts.progress.show(self._counts, self._parts.pace.waiting)

    def _keep_what_is_answered(self) -> None:
        """Wait for what is under way, which ends soon, and keep what was answered."""
        for future in self._under_way:
            future.cancel()
        for future, due in self._under_way.items():
            if not future.cancelled() and future.exception() is None:
                self._answers.append((due.number, future.result()))
        self._under_way.clear()
        self._write()


def _with(counts: Counts, results: list[ScreenResult]) -> Counts:
    outcomes = [result.outcome for result in results]
    return replace(
        counts,
        done=counts.done + len(results),
        matches=counts.matches + outcomes.count(ScreenOutcome.MATCH),
        not_screened=counts.not_screened + outcomes.count(ScreenOutcome.NOT_SCREENED),
    )
