# SPDX-License-Identifier: Apache-2.0
"""What an operator says to look up what a platform holds already. Contract: spec/backfill.md."""

import hashlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, redirect_stdout
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Annotated

import msgspec
import typer

from stillmine.client import Exchange
from stillmine.client.settings import ExchangeSettings
from stillmine.partner.backfill.in_step import InStep
from stillmine.partner.backfill.journal import Counts, Journal
from stillmine.partner.backfill.local import Engine, LocalEngine
from stillmine.partner.backfill.pace import Pace
from stillmine.partner.backfill.progress import AsJson, AsLines, OnTerminal, Progress, line_of
from stillmine.partner.backfill.ray_engine import RayEngine
from stillmine.partner.backfill.results import require_writable, write_results
from stillmine.partner.backfill.run import Choice, Parts, run
from stillmine.partner.backfill.source import STANDARD_INPUT, Source, SourceWords, in_full, source_of
from stillmine.partner.screening.screening import Screening
from stillmine.partner.screening.way_in_use import WayChoice, assumed
from stillmine.partner.service.app import REAL
from stillmine.partner.service.opened import opened_screening
from stillmine.partner.store.store import Store
from stillmine.wire.screen import RegionsChoice, WayName

FOLDER = "backfill"
NICENESS = 10
EXIT_NO_MATCH, EXIT_MATCH, EXIT_NOT_SCREENED, EXIT_INTERRUPTED = 0, 1, 2, 130


class EngineName(StrEnum):
    """What reads the items."""

    LOCAL = "local"
    RAY = "ray"


@dataclass(frozen=True, slots=True)
class How:
    """All that options say but for the source and what is looked at again."""

    home: Path
    settings: Callable[[], ExchangeSettings | None]
    way: WayChoice
    regions: RegionsChoice
    max_age_hours: int
    threads: int
    needs_sandbox: bool
    leave_queries: int | None
    engine: EngineName
    ray_address: str | None
    out: Path | None
    journal: Path | None
    is_json: bool


def backfill(words: SourceWords, choice: Choice, how: How) -> int:
    """Run it, and return the exit code; raises the StillmineError of why it can't go on."""
    if how.out is not None:
        require_writable(how.out)
    source = source_of(words)
    os.nice(NICENESS)
    progress = _progress(is_json=how.is_json)
    store = Store(how.home)
    try:
        with Journal(how.journal or journal_of(how.home, words.source)) as journal, _interrupted_by_signals():
            engine = _engine(words, how, source)
            with _looked_at(store, how) as pace:
                opened = partial(_opened, how, engine)
                in_step = partial(InStep, store.place, store.synced_at, REAL.monotonic)
                with redirect_stdout(sys.stderr):  # Ray says on standard output that a worker ended
                    counts = run(Parts(source, journal, engine, pace, opened, in_step, progress), choice)
            if how.out is not None:
                write_results(how.out, journal.results())
    except KeyboardInterrupt:
        typer.echo("Interrupted. The same command goes on where it stopped.", err=True)
        return EXIT_INTERRUPTED
    finally:
        progress.close()
        waiting = store.counts().waiting_feedback
        store.close()
    typer.echo(msgspec.json.encode(line_of(counts)).decode() if how.is_json else _in_words(counts, waiting))
    return EXIT_MATCH if counts.matches else EXIT_NOT_SCREENED if counts.not_screened else EXIT_NO_MATCH


def journal_of(home: Path, source: str) -> Path:
    """Return the journal of a source; its folder is made."""
    folder = home / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    full = in_full(source)
    name = "standard-input" if full == STANDARD_INPUT else hashlib.sha256(os.fsencode(full)).hexdigest()[:16]
    return folder / f"{name}.sqlite3"


def _engine(words: SourceWords, how: How, source: Source) -> Engine:
    if how.engine is EngineName.LOCAL:
        return LocalEngine(source, how.home, how.threads, needs_sandbox=how.needs_sandbox)
    if words.source != STANDARD_INPUT:
        words = msgspec.structs.replace(words, source=in_full(words.source))
    return RayEngine(words, how.ray_address, how.threads, needs_sandbox=how.needs_sandbox)


def _opened(how: How, engine: Engine) -> AbstractContextManager[Screening]:
    return opened_screening(
        how.home,
        engine.at_once,
        how.settings,
        how.way,
        regions=how.regions,
        max_age_hours=how.max_age_hours,
        older_by=engine.fingerprinter,
    )


@contextmanager
def _looked_at(store: Store, how: How) -> Iterator[Pace]:
    """Give the pace of a run; it looks at the exchange where something is asked there."""
    asks = assumed(how.way, store.way()).way is not WayName.LIST or how.regions is not RegionsChoice.OFF
    settings = how.settings() if asks else None
    if settings is None:
        yield Pace(None, how.leave_queries, REAL.clock, REAL.monotonic)
        return
    with Exchange(settings, REAL.transport) as exchange:
        yield Pace(exchange.status, how.leave_queries, REAL.clock, REAL.monotonic)


@contextmanager
def _interrupted_by_signals() -> Iterator[None]:
    """Let SIGTERM end a run as Ctrl-C does: what is answered is written down."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _progress(*, is_json: bool) -> Progress:
    if is_json:
        return AsJson(sys.stderr)
    return OnTerminal(sys.stderr) if sys.stderr.isatty() else AsLines(sys.stderr)


def _in_words(counts: Counts, waiting: int) -> str:
    words = f"{counts.total:,} items: {counts.matches:,} matched, {counts.not_screened:,} not screened."
    return f"{words} {waiting:,} reports wait for the next sync." if waiting else words


SourceName = Annotated[
    str,
    typer.Argument(help="A folder, s3://bucket/prefix, a manifest that ends in .jsonl, or - for one on standard input.", metavar="SOURCE"),
]
Out = Annotated[Path | None, typer.Option(help="File for the results, one JSON object a line; written whole at the end.")]
JournalFile = Annotated[
    Path | None, typer.Option("--journal", help="Where the run is written down; else in the home folder, one for each SOURCE.")
]
EndpointUrl = Annotated[str | None, typer.Option(help="Address of an S3-compatible store other than Amazon's.")]
Again = Annotated[bool, typer.Option("--again", help="Look at everything once more, since more is protected now.")]
RetryNotScreened = Annotated[bool, typer.Option("--retry-not-screened", help="Look once more at what was not screened.")]
LeaveQueries = Annotated[
    int | None, typer.Option(min=0, help="Queries of the day that are left to new uploads; half of the quota unless said.")
]
EngineChoice = Annotated[EngineName, typer.Option("--engine", help="Read items on this machine, or on a Ray cluster.")]
RayAddress = Annotated[str | None, typer.Option(help="Address of a Ray cluster; without it one is started on this machine for the run.")]
