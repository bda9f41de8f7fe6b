# SPDX-License-Identifier: Apache-2.0
"""In which way uploads are looked up now: what the platform wants and what the exchange gives its key.

The way may change while uploads are looked up. What was looked up in a list that was given up meanwhile says nothing, so it is looked up
again; and what a way that is in use could not look up is named, so that nothing is called clear by half.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from stillmine.client.http import KEY_REFUSED
from stillmine.partner.ground.errors import NeverSyncedError
from stillmine.partner.screening.made import Made
from stillmine.partner.screening.way import Candidate, LookAtOnce, LookedUp, Way
from stillmine.wire.errors import StillmineError
from stillmine.wire.partner_errors import ListNotGivenError, ScopeMissingError
from stillmine.wire.screen import WayName

LOOK_SECONDS = 15.0
"""From one look at the exchange's status to the next."""


class WayChoice(StrEnum):
    """What the platform wants; `auto`: the list where it is given, and else to ask."""

    AUTO = "auto"
    ASK = "ask"
    LIST = "list"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Use:
    """The way in use, None while nobody knows; `refused` are the errors of what is wanted and can't be used."""

    way: WayName | None
    refused: tuple[type[StillmineError], ...] = ()

    @property
    def keeps_list(self) -> bool:
        """Whether a list is wanted and not known to be given no more."""
        return self.way in (WayName.LIST, WayName.BOTH) and ListNotGivenError not in self.refused

    @property
    def lists(self) -> bool:
        """Whether uploads are looked up in the list."""
        return self.keeps_list and not self.is_key_refused

    @property
    def is_key_refused(self) -> bool:
        """Whether the exchange takes this key for nothing any more."""
        return not set(KEY_REFUSED).isdisjoint(self.refused)

    @property
    def asks(self) -> bool:
        """Whether uploads are looked up at the exchange."""
        return self.way in (WayName.ASK, WayName.BOTH) and ScopeMissingError not in self.refused


def decided(choice: WayChoice, scopes: Iterable[str]) -> Use:
    """Return what is used where a key has these scopes."""
    given = set(scopes)
    if choice is WayChoice.AUTO:
        if "list" in given:
            return Use(WayName.LIST)
        return Use(WayName.ASK) if "ask" in given else Use(None, (ScopeMissingError,))
    way = WayName(choice.value)
    refused: list[type[StillmineError]] = []
    if way is not WayName.ASK and "list" not in given:
        refused.append(ListNotGivenError)
    if way is not WayName.LIST and "ask" not in given:
        refused.append(ScopeMissingError)
    return Use(way, tuple(refused))


def assumed(choice: WayChoice, remembered: WayName | None) -> Use:
    """Return what is used before the exchange has said anything: what is wanted, else the way of last time."""
    if choice is not WayChoice.AUTO:
        return Use(WayName(choice.value))
    return Use(remembered) if remembered is not None else Use(None, (NeverSyncedError,))


class WayInUse:
    """Looks uploads up in whatever way is in use. Safe to use from several threads."""

    def __init__(self, listing: Way, asking: Way, use: Use, counts: Callable[[Candidate], bool] = lambda _found: True) -> None:
        """`counts` says whether a match is one where this is used."""
        self._listing = listing
        self._asking = asking
        self._use = use
        self._counts = counts

    @property
    def use(self) -> Use:
        """What is in use."""
        return self._use

    def switch(self, use: Use) -> None:
        """Use this from now on; what is looked up at this moment is looked up again."""
        self._use = use

    def require_use(self) -> None:
        """Raise the error of why nothing can be looked up at all."""
        use = self._use
        if not use.lists and not use.asks:
            error = use.refused[0]()
            error.retry_after_seconds = int(LOOK_SECONDS)
            raise error
        if not use.asks:
            self._listing.require_use()

    def as_of(self) -> datetime | None:
        """Return up to when what was withdrawn or added is known in every way that is in use."""
        use = self._use
        ways = [way for way, is_used in ((self._listing, use.lists), (self._asking, use.asks)) if is_used]
        moments = [way.as_of() for way in ways]
        return min((moment for moment in moments if moment is not None), default=None) if None not in moments else None

    def look_up(self, made: Made, token: bytes, withdrawn: Collection[bytes] = ()) -> LookedUp:
        """Look up what was made of one upload; it is asked about only where the list has nothing like it that counts."""
        while True:
            use = self._use
            found = self._looked_up(use, made, token, withdrawn)
            if use is self._use:
                return found

    def close(self) -> None:
        """Take no more uploads."""
        self._listing.close()
        self._asking.close()

    def _looked_up(self, use: Use, made: Made, token: bytes, withdrawn: Collection[bytes]) -> LookedUp:
        found = LookedUp([], [error.code for error in use.refused], None, int(LOOK_SECONDS) if use.refused else None)
        if use.lists:
            found = _together(found, self._listing.look_up(made, token, withdrawn))
        if use.asks and not any(map(self._counts, found.candidates)):
            found = _together(found, self._asking.look_up(made, token, withdrawn))
        return found


def list_at_once(way: WayInUse, listing: LookAtOnce) -> LookAtOnce:
    """Return what looks up in the list while it alone is in use."""

    def look(made: Made) -> LookedUp | None:
        use = way.use
        if not use.lists or use.asks or use.refused:
            return None
        found = listing(made)
        return found if use is way.use else None

    return look


def _together(one: LookedUp, other: LookedUp) -> LookedUp:
    moments = [found.as_of for found in (one, other) if found.as_of is not None]
    return LookedUp(
        candidates=[*one.candidates, *other.candidates],
        left_out=[*one.left_out, *other.left_out],
        as_of=min(moments, default=None),
        retry_after_seconds=one.retry_after_seconds or other.retry_after_seconds,
    )
