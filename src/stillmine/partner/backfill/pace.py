# SPDX-License-Identifier: Apache-2.0
"""When to go on: not while the exchange is away, and not with queries that new uploads will need today.

Must never take the last of a day's quota from a living service.
"""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from stillmine.client.http import KEY_REFUSED
from stillmine.partner.asking.queries import PHOTOGRAPH_QUERIES
from stillmine.wire.ask import ExchangeStatus
from stillmine.wire.ask_errors import QuotaUsedUpError
from stillmine.wire.errors import StillmineError

LOOK_SECONDS = 15.0
"""From one look at what is left of the day to the next."""

AFTER_MIDNIGHT = timedelta(minutes=1)
"""The exchange's clock may be behind this one."""

_SLEEP_SECONDS = 0.2


class StoppedError(Exception):
    """The run is to end; what was not looked up stays due."""


class Pace:
    """One run's pace. Safe to use from several threads."""

    def __init__(
        self,
        look: Callable[[], ExchangeStatus] | None,
        leave_queries: int | None,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        """`look` asks the exchange how it stands, None where nothing is asked about; `leave_queries`: None for half of the quota."""
        self._look = look
        self._leave = leave_queries
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self._lock = threading.Lock()
        # Guarded by the lock.
        self._look_due = monotonic()
        self._until = monotonic()
        self._waiting: str | None = None
        self._is_stopped = False

    @property
    def waiting(self) -> str | None:
        """The code of what is waited for, None while it goes on."""
        with self._lock:
            return self._waiting if self._monotonic() < self._until else None

    @property
    def seconds_left(self) -> float:
        """How long it waits."""
        with self._lock:
            return max(0.0, self._until - self._monotonic())

    def stop(self) -> None:
        """Let nobody wait any longer."""
        with self._lock:
            self._is_stopped = True

    def pause(self, code: str, seconds: float) -> None:
        """Let all wait so long, a day's quota until the next day."""
        with self._lock:
            self._pause(code, seconds)

    def wait_turn(self) -> None:
        """Wait until it goes on; raises StoppedError, and the StillmineError of a key that is refused."""
        while True:
            with self._lock:
                if self._is_stopped:
                    raise StoppedError
                left = self._until - self._monotonic()
                if left <= 0 and not self._is_short_of_queries():
                    return
            self._sleep(_SLEEP_SECONDS)

    def _is_short_of_queries(self) -> bool:
        if self._look is None or self._monotonic() < self._look_due:
            return False
        self._look_due = self._monotonic() + LOOK_SECONDS
        try:
            status = self._look()
        except KEY_REFUSED:
            raise
        except StillmineError:
            return False  # whoever asks is told, and waits for it
        leave = status.queries_a_day // 2 if self._leave is None else self._leave
        if status.queries_left - leave >= PHOTOGRAPH_QUERIES:
            return False
        self._pause(QuotaUsedUpError.code, 0)
        return True

    def _pause(self, code: str, seconds: float) -> None:
        if code == QuotaUsedUpError.code:
            seconds = (_next_day(self._clock()) - self._clock()).total_seconds()
            self._look_due = self._monotonic() + seconds
        self._waiting, self._until = code, max(self._until, self._monotonic() + seconds)


def _next_day(now: datetime) -> datetime:
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=1) + AFTER_MIDNIGHT
