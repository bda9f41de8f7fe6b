# SPDX-License-Identifier: Apache-2.0
"""Whether the exchange is asked now: after a failure uploads are answered at once with its code, and one request tries again.

So an exchange that is away holds no upload up, and one that comes back is not met by a crowd. Not locked: its lane holds the lock.
"""

import math
from collections.abc import Callable
from datetime import datetime, timedelta

from stillmine.client.errors import ExchangeAnswerError, ExchangeFailedError
from stillmine.wire.ask_errors import QuotaUsedUpError
from stillmine.wire.errors import (
    PartnerKeyMissingError,
    PartnerKeyRevokedError,
    PartnerKeyUnknownError,
    StillmineError,
)
from stillmine.wire.partner_errors import PartnerKeyEndedError, ScopeMissingError

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
KEY_PAUSE_SECONDS = 15.0
"""A newer key may stand in the key file by then, or the operator has changed what this one may do."""

FAILURES_BORNE = 2
"""Requests in a row that are answered 500, or so that it can't be read: one upload that breaks the exchange, or angers a firewall,
must not be a way to keep others from being asked about."""

KEY_ERRORS = (PartnerKeyMissingError, PartnerKeyUnknownError, PartnerKeyRevokedError, PartnerKeyEndedError, ScopeMissingError)


class Gate:
    """Open while asks are answered."""

    def __init__(self, monotonic: Callable[[], float], clock: Callable[[], datetime]) -> None:
        """`monotonic` counts seconds; `clock` returns UTC, for the midnight at which a quota is new."""
        self._monotonic = monotonic
        self._clock = clock
        self._problem: StillmineError | None = None
        self._until = 0.0
        self._pause = FIRST_PAUSE_SECONDS
        self._is_probing = False
        self._failures = 0

    @property
    def problem(self) -> StillmineError | None:
        """Why it is closed, None while it is open."""
        return self._problem

    @property
    def is_open(self) -> bool:
        """Whether a request may go: there is no problem, or it is time to try again and nobody does."""
        return self._problem is None or (not self._is_probing and self._monotonic() >= self._until)

    def seconds_left(self) -> int:
        """Return in how many whole seconds it is worth to try again, one at least."""
        return max(1, math.ceil(self._until - self._monotonic()))

    def pass_through(self) -> None:
        """Say that a request goes now; after a problem it is the one that tries."""
        self._is_probing = self._problem is not None

    def answered(self) -> None:
        """Say that a request was answered."""
        self._problem = None
        self._is_probing = False
        self._pause = FIRST_PAUSE_SECONDS
        self._failures = 0

    def bears_failure(self) -> bool:
        """Say that a request was answered so that it may be of one upload; return whether it stays open nevertheless."""
        self._failures += 1
        return self._problem is None and self._failures <= FAILURES_BORNE

    def failed(self, error: StillmineError) -> None:
        """Close for as long as the error says, or twice as long as the last time."""
        self._problem = error
        self._is_probing = False
        self._until = self._monotonic() + self._seconds_for(error)

    def try_soon(self) -> None:
        """Let a request try now: something else says that the reason may be gone."""
        self._until = min(self._until, self._monotonic())

    def _seconds_for(self, error: StillmineError) -> float:
        if isinstance(error, KEY_ERRORS):
            return KEY_PAUSE_SECONDS
        if isinstance(error, QuotaUsedUpError):
            return _seconds_to_midnight(self._clock())
        if is_perhaps_of_one(error):
            return FIRST_PAUSE_SECONDS
        if error.retry_after_seconds:
            return min(float(error.retry_after_seconds), LONGEST_PAUSE_SECONDS)
        pause, self._pause = self._pause, min(2 * self._pause, LONGEST_PAUSE_SECONDS)
        return pause


def is_perhaps_of_one(error: StillmineError) -> bool:
    """Return whether this may be so of one upload and of no other: it broke the exchange, or a firewall took its bytes for an attack.

    Who can't be read and names a time to wait, as a limit on requests does, means every upload.
    """
    return isinstance(error, ExchangeFailedError) or (isinstance(error, ExchangeAnswerError) and not error.retry_after_seconds)


def _seconds_to_midnight(now: datetime) -> float:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return (midnight - now).total_seconds()
