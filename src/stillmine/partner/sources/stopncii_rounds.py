# SPDX-License-Identifier: Apache-2.0
"""What the thread of a StopNCII server does: fetch what changed, hand over what waits.

While the server refuses the key nothing is looked up in its list, as with an exchange.
"""

from collections.abc import Callable, Collection
from datetime import datetime

from stillmine.client.http import KEY_REFUSED
from stillmine.partner.screening.made import Made
from stillmine.partner.screening.way import LookedUp, Way
from stillmine.wire.errors import StillmineError

EVERY_SECONDS = 60.0


class RefusableWay:
    """A list in which nothing is looked up while its server refuses the key. Safe to use from several threads."""

    def __init__(self, listing: Way) -> None:
        self._listing = listing
        self.refused: type[StillmineError] | None = None
        """The error of the refusal, None while there is none."""

    def require_use(self) -> None:
        """Raise the error of why nothing can be looked up at all."""
        if self.refused is not None:
            raise self.refused
        self._listing.require_use()

    def as_of(self) -> datetime | None:
        """Return when the list was synced to its end."""
        return self._listing.as_of()

    def look_up(self, made: Made, token: bytes, withdrawn: Collection[bytes] = ()) -> LookedUp:
        """Look up what was made of one upload."""
        refused = self.refused
        if refused is not None:
            return LookedUp([], [refused.code], self.as_of(), int(EVERY_SECONDS))
        return self._listing.look_up(made, token, withdrawn)

    def close(self) -> None:
        """Take no more uploads."""
        self._listing.close()


class StopNciiRounds:
    """The rounds of one server. One thread runs them."""

    def __init__(self, follow: Callable[[], None], send: Callable[[], object], way: RefusableWay) -> None:
        self._follow = follow
        self._send = send
        self._way = way

    def run(self) -> None:
        """One round; raises the StillmineError of what failed."""
        try:
            self._follow()
        except StillmineError as error:
            if isinstance(error, KEY_REFUSED):
                self._way.refused = type(error)
            raise
        self._way.refused = None
        self._send()

    def send_feedback(self) -> None:
        """Hand over what waits."""
        self._send()

    def seconds_to_next(self) -> float:
        """Return how long to wait for the next round."""
        return EVERY_SECONDS
