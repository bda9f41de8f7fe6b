# SPDX-License-Identifier: Apache-2.0
"""What the exchange called clear a moment ago, so that a picture that many send at once is asked about once.

In memory only, for a minute, as a digest with a key that goes with the process. Never a match: a withdrawal holds for the next upload.
"""

import hashlib
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime

from stillmine.partner.asking.queries import Asked

KEPT_SECONDS = 60.0
MOST_KEPT = 100_000

_DIGEST_BYTES = 16


class ClearMemory:
    """Queries that were clear. Safe to use from several threads."""

    def __init__(self, key: bytes, monotonic: Callable[[], float] = time.monotonic, most: int = MOST_KEPT) -> None:
        """`key` is random and made for this memory alone; `monotonic` counts seconds."""
        self._key = key
        self._monotonic = monotonic
        self._most = most
        self._lock = threading.Lock()
        # Oldest first: the second of the answer by this clock, and its moment.
        self._clear: dict[bytes, tuple[float, datetime]] = {}

    def __len__(self) -> int:
        with self._lock:
            return len(self._clear)

    def cleared_at(self, asked: Asked) -> datetime | None:
        """Return when the exchange called this clear, None where that is not known or too long ago."""
        digest = self._digest(asked)
        with self._lock:
            second, moment = self._clear.get(digest, (None, None))
            return moment if second is not None and 0 <= self._monotonic() - second < KEPT_SECONDS else None

    def keep(self, clear: Iterable[Asked], second: float, moment: datetime) -> None:
        """Remember that these were clear, at `second` by this memory's clock, which was `moment`."""
        digests = [self._digest(asked) for asked in clear]
        with self._lock:
            for digest in digests:
                self._clear.pop(digest, None)
                self._clear[digest] = second, moment
            self._drop_old()

    def _drop_old(self) -> None:
        oldest_kept = self._monotonic() - KEPT_SECONDS
        while self._clear:
            digest, (second, _) = next(iter(self._clear.items()))
            if second > oldest_kept and len(self._clear) <= self._most:
                return
            del self._clear[digest]

    def _digest(self, asked: Asked) -> bytes:
        return hashlib.blake2b(f"{asked.kind} {asked.value} {asked.as_it_is}".encode(), key=self._key, digest_size=_DIGEST_BYTES).digest()
