# SPDX-License-Identifier: Apache-2.0
"""The thread that syncs a running service, and sends feedback as soon as there is some.

One failed sync must never end it: whatever happens is kept as an error code for `GET /health`, logged once, and tried again.
"""

import logging
import threading
import time
from collections.abc import Callable

from stillmine.partner.listing.sync import Sync
from stillmine.wire.errors import StillmineError

log = logging.getLogger("stillmine.partner")

FEEDBACK_PAUSE_SECONDS = 1.0
"""Feedback of busy moments goes out together, at most once in this time."""

STOP_SECONDS = 3.0
"""How long a stop waits for a request to the exchange; after that the thread ends with the process, which harms nothing."""


class SyncThread:
    """Runs `sync` every `every_seconds`, and its feedback part when woken."""

    def __init__(
        self, sync: Sync, stopping: threading.Event, every_seconds: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """`stopping` is the event that `sync` asks about too; `monotonic` counts seconds."""
        self._sync = sync
        self._stopping = stopping
        self._every_seconds = every_seconds
        self._monotonic = monotonic
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sync", daemon=True)
        self._problem: str | None = None

    @property
    def problem(self) -> str | None:
        """The error code of the last attempt, None if it worked."""
        return self._problem

    def start(self) -> None:
        """Start with a sync at once."""
        self._thread.start()

    def wake(self) -> None:
        """Say that feedback waits."""
        self._woken.set()

    def stop(self) -> bool:
        """Stop; return whether the thread has ended and the store may be closed."""
        self._stopping.set()
        self._woken.set()
        if self._thread.ident is not None:  # else it was never started
            self._thread.join(STOP_SECONDS)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._attempt(self._sync.run, is_whole=True)
            self._wait_and_report(until=self._monotonic() + self._every_seconds)

    def _wait_and_report(self, until: float) -> None:
        """Wait for the next sync; feedback that arises meanwhile is sent without waiting for it."""
        while (seconds := until - self._monotonic()) > 0 and not self._stopping.is_set():
            if self._woken.wait(seconds) and not self._stopping.is_set():
                self._woken.clear()
                self._attempt(self._sync.send_feedback, is_whole=False)
                self._stopping.wait(FEEDBACK_PAUSE_SECONDS)

    def _attempt(self, work: Callable[[], object], *, is_whole: bool) -> None:
        """Do it; only a whole sync that worked clears an earlier problem."""
        try:
            work()
        except StillmineError as error:
            self._note(error.code, str(error))
        except Exception as error:
            # No traceback and no message: they could hold what the exchange sent.
            self._note(StillmineError.code, type(error).__name__)
        else:
            if is_whole:
                self._note(None, "sync works again")

    def _note(self, problem: str | None, words: str) -> None:
        if problem != self._problem:
            log.log(logging.INFO if problem is None else logging.ERROR, "%s", words if problem is None else f"{words} [{problem}]")
        self._problem = problem
