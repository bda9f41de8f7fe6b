# SPDX-License-Identifier: Apache-2.0
"""Say once a minute what goes wrong with every upload: a full disk must not be filled by the log of the service that met it.

The words must never hold anything of an upload.
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

    def say(self, words: str) -> None:
        """Write this line as an error, unless that was done in the last minute."""
        now = self._monotonic()
        with self._guard:
            is_due = now - self._said.get(words, -INTERVAL_SECONDS) >= INTERVAL_SECONDS
            if is_due:
                self._said[words] = now
        if is_due:
            self._log.error("%s", words)
