# SPDX-License-Identifier: Apache-2.0
"""Say once a minute what goes wrong with every request: a full disk must not be filled by the log of the service that met it.

The words must never hold anything of a request.
"""

import logging
import threading
import time
from collections.abc import Callable

INTERVAL_SECONDS = 60.0


class SparingLog:
    """Remembers when it said what. Safe to use from several threads."""

    def __init__(self, log: logging.Logger, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`monotonic` counts seconds."""
        self._log = log
        self._monotonic = monotonic
        self._guard = threading.Lock()
        self._said: dict[str, float] = {}

    def say(self, words: str, sort: str | None = None) -> None:
        """Write this line as an error, unless one of its sort, which is its words unless said, was written in the last minute."""
        sort = words if sort is None else sort
        now = self._monotonic()
        with self._guard:
            is_due = now - self._said.get(sort, -INTERVAL_SECONDS) >= INTERVAL_SECONDS
            if is_due:
                self._said[sort] = now
        if is_due:
            self._log.error("%s", words)
