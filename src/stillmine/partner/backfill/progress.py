# SPDX-License-Identifier: Apache-2.0
"""How far a run is: a bar on a terminal, else a line now and then, or JSON. Must never name an item: a log may be read by many."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol, TextIO

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from stillmine.partner.backfill.journal import Counts

LINE_SECONDS, JSON_SECONDS = 60.0, 1.0


class Progress(Protocol):
    """Where progress is shown."""

    def listed(self, items: int) -> None:
        """Say how many items were listed so far."""

    def show(self, counts: Counts, waiting: str | None) -> None:
        """Say how far it is; `waiting` is the code of what is waited for."""

    def close(self) -> None:
        """Show no more."""


class ProgressLine(msgspec.Struct, frozen=True):
    """One line of `--json`; `listed` counts while the source is listed, and then is the total."""

    listed: int
    done: int
    total: int
    matches: int
    not_screened: int
    waiting: str | None = None


class OnTerminal:
    """A bar."""

    def __init__(self, file: TextIO) -> None:
        self._bar = Bar(
            SpinnerColumn(),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.description}"),
            console=Console(file=file),
        )
        self._task = self._bar.add_task("listing", total=None)
        self._bar.start()

    def listed(self, items: int) -> None:
        """Count what is listed."""
        self._bar.update(self._task, completed=items)

    def show(self, counts: Counts, waiting: str | None) -> None:
        """Move the bar."""
        words = _found_in_words(counts) + ("" if waiting is None else f"; waiting [{waiting}]")
        self._bar.update(self._task, completed=counts.done, total=counts.total, description=words)

    def close(self) -> None:
        """Leave the bar as it is."""
        self._bar.stop()


class AsLines:
    """A line a minute at most, and how long it will take at this rate."""

    def __init__(self, file: TextIO, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._file = file
        self._monotonic = monotonic
        self._due = monotonic() + LINE_SECONDS
        self._begun: tuple[float, int] | None = None

    def listed(self, items: int) -> None:
        """Say it now and then."""
        self._say(lambda: f"listed {items:,}")

    def show(self, counts: Counts, waiting: str | None) -> None:
        """Say it now and then."""
        if self._begun is None:
            self._begun = (self._monotonic(), counts.done)
        self._say(lambda: self._in_words(counts, waiting))

    def close(self) -> None:
        """Nothing is left to say."""

    def _in_words(self, counts: Counts, waiting: str | None) -> str:
        begun_at, done_before = self._begun or (self._monotonic(), counts.done)
        left = seconds_left(counts, counts.done - done_before, self._monotonic() - begun_at)
        words = "" if left is None else f", about {timedelta(seconds=round(left))} left"
        return (
            f"{counts.done:,} of {counts.total:,}, {_found_in_words(counts)}"
            + words
            + ("" if waiting is None else f"; waiting [{waiting}]")
        )

    def _say(self, words: Callable[[], str]) -> None:
        if self._monotonic() >= self._due:
            self._due = self._monotonic() + LINE_SECONDS
            print(words(), file=self._file, flush=True)


class AsJson:
    """A line of JSON a second at most."""

    def __init__(self, file: TextIO, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._file = file
        self._monotonic = monotonic
        self._due = monotonic()

    def listed(self, items: int) -> None:
        """Say it now and then."""
        self._say(ProgressLine(items, 0, items, 0, 0))

    def show(self, counts: Counts, waiting: str | None) -> None:
        """Say it now and then."""
        self._say(line_of(counts, waiting))

    def close(self) -> None:
        """The last line is the command's."""

    def _say(self, line: ProgressLine) -> None:
        if self._monotonic() >= self._due:
            self._due = self._monotonic() + JSON_SECONDS
            print(msgspec.json.encode(line).decode(), file=self._file, flush=True)


def line_of(counts: Counts, waiting: str | None = None) -> ProgressLine:
    """Return a line of JSON."""
    return ProgressLine(counts.total, counts.done, counts.total, counts.matches, counts.not_screened, waiting)


def seconds_left(counts: Counts, done_meanwhile: int, seconds: float) -> float | None:
    """Return how long the rest takes at the rate of so many done in so many seconds, None where nobody knows."""
    return (counts.total - counts.done) * seconds / done_meanwhile if done_meanwhile > 0 else None


def _found_in_words(counts: Counts) -> str:
    return f"{counts.matches:,} matched, {counts.not_screened:,} not screened"
