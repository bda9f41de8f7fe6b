# SPDX-License-Identifier: Apache-2.0
"""For how long a follower may answer without hearing from its leader.

Counted from when it asked, not from when it was answered, by a clock that counts sleep: a process that was paused finds its time over.
"""

from collections.abc import Callable

from stillmine.partner.ground.errors import NotInStepError
from stillmine.partner.instances.messages import LEASE_SECONDS

RETRY_SECONDS = 5


class Lease:
    """The lease of one follower. Safe to use from several threads."""

    def __init__(self, monotonic: Callable[[], float], seconds: float = LEASE_SECONDS) -> None:
        self._monotonic = monotonic
        self._seconds = seconds
        self._from: float | None = None

    def renew(self, asked_second: float) -> None:
        """Note that a step asked for then was answered, and that what it said is done."""
        self._from = asked_second

    @property
    def is_live(self) -> bool:
        """Whether it may answer now."""
        return self._from is not None and self._monotonic() - self._from < self._seconds

    @property
    def seconds_left(self) -> float:
        """For how long it may answer, 0 where it may not."""
        return 0.0 if self._from is None else max(0.0, self._from + self._seconds - self._monotonic())

    def require(self) -> None:
        """Raise NotInStepError unless it may answer now."""
        if not self.is_live:
            error = NotInStepError()
            error.retry_after_seconds = RETRY_SECONDS
            raise error
