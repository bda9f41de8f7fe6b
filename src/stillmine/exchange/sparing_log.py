# SPDX-License-Identifier: Apache-2.0
"""Say once a minute what goes wrong with every request: a full disk must not be filled by its own log.

One line for each kind of refusal and process, never a value.
"""

import logging
import threading
import time
from collections.abc import Callable

from stillmine.wire.errors import StillmineError

INTERVAL_SECONDS = 60.0

_WORDS = {
    "storage_full": "the disk is full: nothing new is stored; withdrawals go through while the reserve in the home folder lasts",
    "database_unavailable": "the database does not answer: requests are told to come again",
    "keys_missing": "nothing that is stored opens, and only withdrawals work",
    "database_busy": "the database is too slow for so many writers: some are told to come again",
}


class SparingLog:
    """Remembers when it said what."""

    def __init__(self, log: logging.Logger, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._monotonic = monotonic
        self._guard = threading.Lock()
        self._said: dict[str, float] = {}

    def say(self, refusal: StillmineError) -> bool:
        """Write the line of this refusal unless that was done in the last minute; returns whether it has one at all."""
        words = _WORDS.get(refusal.code)
        if words is None:
            return False
        now = self._monotonic()
        with self._guard:
            is_due = now - self._said.get(refusal.code, -INTERVAL_SECONDS) >= INTERVAL_SECONDS
            if is_due:
                self._said[refusal.code] = now
        if is_due:
            self._log.error("%s [%s]", f"{words}: {refusal.detail}" if refusal.detail else words, refusal.code)
        return True


STORAGE_LOG = SparingLog(logging.getLogger(__name__))
"""One for the process."""
