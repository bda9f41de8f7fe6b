# SPDX-License-Identifier: Apache-2.0
"""How old the list is, and whether it is too old to be looked up: what was withdrawn since its last sync is still in it.

Must never call a list young because the machine's clock was set back.
"""

from collections.abc import Callable
from datetime import datetime

from stillmine.partner.store.store import Store

MAX_AGE_HOURS = 24
"""Unless the operator of the service says otherwise."""

CLOCK_TOLERANCE_SECONDS = 5
_SECONDS_AN_HOUR = 3600.0


class ListAge:
    """The age of one store's list. Safe to use from several threads."""

    def __init__(
        self, store: Store, clock: Callable[[], datetime], monotonic: Callable[[], float], max_age_hours: int = MAX_AGE_HOURS
    ) -> None:
        """`clock` returns UTC; `monotonic` counts seconds and never goes back."""
        self._store = store
        self._clock = clock
        self._monotonic = monotonic
        self._maximum_seconds = max_age_hours * _SECONDS_AN_HOUR
        self._synced_second: float | None = None

    def note_synced(self) -> None:
        """Say that a sync of this process has just reached the end of the feed."""
        self._synced_second = self._monotonic()

    def is_too_old(self) -> bool:
        """Whether nothing may be looked up in the list any more; False where there has been no sync at all."""
        if self._synced_second is not None and self._is_young(self._monotonic() - self._synced_second):
            return False  # whatever the store says: it is asked about each upload, and need not be read for it
        synced_at = self._store.synced_at()
        if synced_at is None:
            return False
        return self._synced_second is not None or not self._is_young((self._clock() - synced_at).total_seconds())

    def fresh_at_once(self) -> datetime | None:
        """Return when the list was synced, None where it is not young or only a store that is held by somebody knows it."""
        if self._synced_second is None or not self._is_young(self._monotonic() - self._synced_second):
            return None
        return self._store.synced_at_once()

    def _is_young(self, age_seconds: float) -> bool:
        return -CLOCK_TOLERANCE_SECONDS <= age_seconds <= self._maximum_seconds
