# SPDX-License-Identifier: Apache-2.0
"""Looks a list through while the service runs, between its syncs: a page under way while a list is mended would count as all of it.

So the thread that syncs does it, and nobody else.
"""

import logging
from collections.abc import Callable
from contextlib import suppress

from stillmine.partner.following.background import Rounds
from stillmine.partner.ground.errors import StoreUnreadableError
from stillmine.partner.store.store import Store

log = logging.getLogger("stillmine.partner")

EVERY_SECONDS = 3600.0


def mend_list(store: Store) -> None:
    """Look the list through, and have what is damaged fetched again."""
    if store.is_damaged():
        log.error(
            "%d fingerprints in the store were damaged by the disk, or more that it lost: the list is fetched again from its start",
            store.mend(),
        )


class MendingRounds:
    """The rounds of one list, with a look through it every hour, whatever becomes of the round."""

    def __init__(self, rounds: Rounds, listed: Store, monotonic: Callable[[], float], *, is_checked: bool = True) -> None:
        """`is_checked`: whether the list was looked through when it was opened."""
        self._rounds = rounds
        self._listed = listed
        self._monotonic = monotonic
        self._due = monotonic() + EVERY_SECONDS if is_checked else 0.0

    def run(self) -> object:
        """One round, then the look if it is due: its sync goes on with what is there, and the next fetches what was damaged."""
        try:
            return self._rounds.run()
        finally:
            if self._monotonic() >= self._due:
                with suppress(StoreUnreadableError):
                    mend_list(self._listed)
                self._due = self._monotonic() + EVERY_SECONDS

    def send_feedback(self) -> object:
        """Hand over what waits."""
        return self._rounds.send_feedback()

    def seconds_to_next(self) -> float:
        """Return how long to wait for the next round."""
        return self._rounds.seconds_to_next()
