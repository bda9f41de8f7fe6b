# SPDX-License-Identifier: Apache-2.0
"""How far a run is: a bar on a terminal, else a line now and then, or JSON. Must never name an item: a log may be read by many."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol, TextIO

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn
from rich.progress import Progress as Bar

from stillmine.partner.backfill.journal import Counts
from stillmine.wire.ask_errors import QuotaUsedUpError

LINE_SECONDS, JSON_SECONDS = 60.0, 1.0
SECONDS_A_DAY = 86_400.0


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
    seconds_left: int | None = None


class Rate:
    """How long the rest takes, at the rate since this was made."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._begun: tuple[float, int] | None = None

    def seconds_left(self, counts: Counts, waiting: str | None) -> float | None:
        """Return it, None where nobody knows; where a day's quota is used up, what was done until then is what a day allows."""
        if self._begun is None:
            self._begun = (self._monotonic(), counts.done)
        begun_at, done_before = self._begun
        done, seconds = counts.done - done_before, self._monotonic() - begun_at
        if waiting == QuotaUsedUpError.code:
            seconds = max(seconds, SECONDS_A_DAY)
        return (counts.total - counts.done) * seconds / done if done > 0 else None


class OnTerminal:
    """A bar."""

    def __init__(self, file: TextIO) -> None:
        columns = (SpinnerColumn(), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
        self._bar = Bar(*columns, console=Console(file=file))
        self._task = self._bar.add_task("listing", total=None)
        self._rate = Rate()
        self._bar.start()

    def listed(self, items: int) -> None:
        """Count what is listed."""
        self._bar.update(self._task, completed=items)

    def show(self, counts: Counts, waiting: str | None) -> None:
        """Move the bar."""
        words = _in_words(counts, waiting, self._rate.seconds_left(counts, waiting))
        self._bar.update(self._task, completed=counts.done, total=counts.total, description=words)

    def close(self) -> None:
        """Leave the bar as it is."""
        self._bar.stop()


class AsLines:
    """A line a minute at most."""

    def __init__(self, file: TextIO, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._file = file
        self._monotonic = monotonic
        self._rate = Rate(monotonic)
        self._due = monotonic() + LINE_SECONDS

    def listed(self, items: int) -> None:
        """Say it now and then."""
        self._say(f"listed {items:,}")

    def show(self, counts: Counts, waiting: str | None) -> None:
        """Say it now and then."""
        left = self._rate.seconds_left(counts, waiting)
        self._say(f"{counts.done:,} of {counts.total:,}, {_in_words(counts, waiting, left)}")

    def close(self) -> None:
        """Nothing is left to say."""

    def _say(self, words: str) -> None:
        if self._monotonic() >= self._due:
            self._due = self._monotonic() + LINE_SECONDS
            print(words, file=self._file, flush=True)


class AsJson:
    """A line of JSON a second at most."""

    def __init__(self, file: TextIO, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._file = file
        self._monotonic = monotonic
        self._rate = Rate(monotonic)
        self._due = monotonic()

    def listed(self, items: int) -> None:
        """Say it now and then."""
        self._say(ProgressLine(items, 0, items, 0, 0))

    def show(self, counts: Counts, waiting: str | None) -> None:
        """Say it now and then."""
        self._say(line_of(counts, waiting, self._rate.seconds_left(counts, waiting)))

    def close(self) -> None:
        """The last line is the command's."""

    def _say(self, line: ProgressLine) -> None:
        if self._monotonic() >= self._due:
            self._due = self._monotonic() + JSON_SECONDS
            print(msgspec.json.encode(line).decode(), file=self._file, flush=True)


def line_of(counts: Counts, waiting: str | None = None, seconds_left: float | None = None) -> ProgressLine:
    """Return a line of JSON."""
    left = None if seconds_left is None else round(seconds_left)
    return ProgressLine(counts.total, counts.done, counts.total, counts.matches, counts.not_screened, waiting, left)


def _in_words(counts: Counts, waiting: str | None, seconds_left: float | None) -> str:
    left = "" if seconds_left is None else f", about {timedelta(seconds=round(seconds_left))} left"
    waits = "" if waiting is None else f"; waiting [{waiting}]"
    return f"{counts.matches:,} matched, {counts.not_screened:,} not screened{left}{waits}"
