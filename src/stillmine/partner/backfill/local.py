# SPDX-License-Identifier: Apache-2.0
"""The engine of one machine: worker processes in the service's own sandbox. And what an engine is."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from stillmine.partner.backfill.item import Item
from stillmine.partner.backfill.source import Source
from stillmine.partner.fingerprinting.fingerprinter import DEADLINE_SECONDS, Fingerprinter
from stillmine.partner.fingerprinting.upload import OpenFile
from stillmine.partner.screening.screening import FingerprintsUploads

PATIENCE = 4
"""Times as long as for an upload that somebody waits for: a living service has the processors first."""

DEADLINES = {media: PATIENCE * seconds for media, seconds in DEADLINE_SECONDS.items()}


class Engine(Protocol):
    """What reads items and makes fingerprints of them, and how many at once."""

    @property
    def at_once(self) -> int: ...

    @property
    def fingerprinter(self) -> FingerprintsUploads: ...

    def start(self) -> None:
        """Start it; raises NotConfiguredError."""

    def close(self) -> None: ...

    def opened(self, item: Item) -> AbstractContextManager[OpenFile]:
        """Give what the fingerprinter takes of an item; raises the StillmineError of why it can't be read."""


class LocalEngine:
    """Worker processes of this machine."""

    def __init__(self, source: Source, folder: Path, threads: int, *, needs_sandbox: bool = False) -> None:
        """`folder` keeps what is fetched and larger than memory, without a name; `threads` items are read at once."""
        self._source = source
        self._folder = folder
        self._threads = threads
        self._workers = Fingerprinter(threads, deadline_seconds=DEADLINES, needs_sandbox=needs_sandbox)

    @property
    def at_once(self) -> int:
        """One more than are read: it is fetched meanwhile."""
        return self._threads + 1

    @property
    def fingerprinter(self) -> FingerprintsUploads:
        """What makes fingerprints."""
        return self._workers

    def start(self) -> None:
        """Start the workers; raises NotConfiguredError where a sandbox is needed and there is none."""
        self._workers.start()
        self._workers.check_sandbox()

    def close(self) -> None:
        """End them."""
        self._workers.close()

    def opened(self, item: Item) -> AbstractContextManager[OpenFile]:
        """Open an item here."""
        return self._source.open(item, self._folder)
