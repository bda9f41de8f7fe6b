# SPDX-License-Identifier: Apache-2.0
"""The thread that keeps a running service in step with its exchange, and sends feedback as soon as there is some.

One failed round must never end it: whatever happens is kept as an error code for `GET /health`, logged once, and tried again.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from stillmine.wire.errors import StillmineError

log = logging.getLogger("stillmine.partner")

FEEDBACK_PAUSE_SECONDS = 1.0
"""Feedback of busy moments goes out together, at most once in this time."""

STOP_SECONDS = 3.0
"""How long a stop waits for a request to the exchange; after that the thread ends with the process, which harms nothing."""


class Rounds(Protocol):
    """What the thread does."""

    def run(self) -> object: ...

    def send_feedback(self) -> object: ...

    def seconds_to_next(self) -> float: ...


class FollowThread:
    """Runs one round after the other, and the feedback part of one when woken."""

    def __init__(self, rounds: Rounds, stopping: threading.Event, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`stopping` is the event that the rounds ask about too; `monotonic` counts seconds."""
        self._rounds = rounds
        self._stopping = stopping
        self._monotonic = monotonic
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follow", daemon=True)
        self._problem: str | None = None

    @property
    def problem(self) -> str | None:
        """The error code of the last attempt, None if it worked."""
        return self._problem

    def start(self) -> None:
        """Start with a round at once."""
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
            self._attempt(self._rounds.run, is_whole=True)
            self._wait_and_report(until=self._monotonic() + self._rounds.seconds_to_next())

    def _wait_and_report(self, until: float) -> None:
        """Wait for the next round; feedback that arises meanwhile is sent without waiting for it."""
        while (seconds := until - self._monotonic()) > 0 and not self._stopping.is_set():
            if self._woken.wait(seconds) and not self._stopping.is_set():
                self._woken.clear()
                self._attempt(self._rounds.send_feedback, is_whole=False)
                self._stopping.wait(FEEDBACK_PAUSE_SECONDS)

    def _attempt(self, work: Callable[[], object], *, is_whole: bool) -> None:
        """Do it; only a whole round that worked clears an earlier problem."""
        try:
            work()
        except StillmineError as error:
            self._note(error.code, str(error))
        except Exception as error:
            # No traceback and no message: they could hold what the exchange sent.
            self._note(StillmineError.code, type(error).__name__)
        else:
            if is_whole:
                self._note(None, "the exchange works again")

    def _note(self, problem: str | None, words: str) -> None:
        if problem != self._problem:
            log.log(logging.INFO if problem is None else logging.ERROR, "%s", words if problem is None else f"{words} [{problem}]")
        self._problem = problem
