# SPDX-License-Identifier: Apache-2.0
"""Keep in step with the exchange: look which way is given, follow its list where there is one, hand over what waits.

A list that is no longer given, or no longer wanted, is erased at once: from the store, from memory, from what the file still holds beside
its rows. Must never lose what waits to be reported, and never send it again and again with a key that may not.
"""

import contextlib
import logging
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from stillmine.client.exchange import Exchange
from stillmine.client.http import KEY_REFUSED
from stillmine.partner.asking.queries import PHOTOGRAPH_QUERIES
from stillmine.partner.following.reporting import HandedOver, Reporting
from stillmine.partner.listing.index import ListIndex
from stillmine.partner.listing.sync import Sync, SyncReport
from stillmine.partner.screening.way import Heard
from stillmine.partner.screening.way_in_use import LOOK_SECONDS, Use, WayChoice, WayInUse, decided
from stillmine.partner.store.store import Store
from stillmine.wire.ask import ExchangeStatus, IndexState
from stillmine.wire.ask_errors import QuotaUsedUpError
from stillmine.wire.errors import ExchangeUnreachableError, StillmineError
from stillmine.wire.partner_errors import ScopeMissingError
from stillmine.wire.screen import RegionsChoice, WayName

log = logging.getLogger("stillmine.partner")

FIRST_LOOK_AGAIN_SECONDS = 1.0
"""While no way is known: then twice as long each time."""


class Asks(Protocol):
    """What is told to the part that asks."""

    @property
    def problem(self) -> str | None: ...

    @property
    def heard(self) -> Heard | None: ...

    def try_soon(self) -> None: ...


class AsksRegions(Protocol):
    """What is told to the part that asks about regions."""

    @property
    def problem(self) -> str | None: ...

    @property
    def choice(self) -> RegionsChoice: ...

    def learn(self, scopes: Collection[str]) -> None: ...

    def try_soon(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What is kept in step."""

    store: Store
    index: ListIndex
    sync: Sync
    reporting: Reporting
    way: WayInUse
    asking: Asks
    regions: AsksRegions
    have_let_go: Callable[[], bool] = lambda: True
    """Whether no copy of the list holds what was erased."""


class Following:
    """One partner's step with one exchange. One thread runs it; what it knows may be read from any."""

    def __init__(
        self,
        choice: WayChoice,
        exchange: Exchange,
        parts: Parts,
        clock: Callable[[], datetime],
        *,
        sync_every_seconds: float = LOOK_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` returns UTC, `monotonic` counts seconds; `choice` is what the platform wants."""
        self._choice = choice
        self._exchange = exchange
        self._parts = parts
        self._clock = clock
        self._sync_every_seconds = sync_every_seconds
        self._monotonic = monotonic
        self._sync_due = 0.0
        self._looks_in_vain = 0
        self._status: ExchangeStatus | None = None
        self._status_heard: Heard | None = None
        self._may_report = True
        self._awaited: Use | None = None

    @property
    def status(self) -> ExchangeStatus | None:
        """What the exchange said of itself last."""
        return self._status

    @property
    def answered_at(self) -> datetime | None:
        """When the exchange answered last, a look or an ask."""
        last = max((heard for heard in (self._status_heard, self._parts.asking.heard) if heard is not None), default=None)
        return None if last is None else last.moment

    @property
    def asking_problem(self) -> str | None:
        """The error code of why uploads that are asked about are answered so at once, None while they are asked about."""
        return self._parts.asking.problem

    @property
    def problem(self) -> str | None:
        """The error code of what does not work though the exchange answers, None where all does."""
        use = self._parts.way.use
        if use.refused:
            return use.refused[0].code
        if use.asks and self.asking_problem is not None:
            return self.asking_problem
        if not self._may_report and not self._parts.reporting.is_empty:
            return ScopeMissingError.code
        return self._parts.regions.problem

    @property
    def regions(self) -> RegionsChoice:
        """Which regions are asked about now."""
        return self._parts.regions.choice

    def seconds_to_next(self) -> float:
        """Return how long to wait for the next round."""
        if self._looks_in_vain and self._parts.way.use.way is None:
            return min(FIRST_LOOK_AGAIN_SECONDS * (1 << min(self._looks_in_vain - 1, 10)), LOOK_SECONDS)
        return min(self._sync_every_seconds, LOOK_SECONDS)

    def run(self) -> SyncReport:
        """One round; raises the StillmineError of what failed first, after all else was tried that does not depend on it."""
        failed: StillmineError | None = None
        try:
            self._look()
        except StillmineError as error:
            failed = error
            self._looked_in_vain(error)
        self._erase_unused_list()
        try:
            report = self._follow_list()
        except StillmineError as error:
            self._stop_if_refused(error)
            raise
        if isinstance(failed, ExchangeUnreachableError):
            raise failed
        handed_over = self.send_feedback()
        if failed is not None:
            raise failed
        if self._parts.way.use.refused:
            raise self._parts.way.use.refused[0]
        return report.with_feedback(*handed_over)

    def send_feedback(self) -> HandedOver:
        """Hand over what waits, unless this key may not: then it is kept for one that may."""
        if not self._may_report:
            return HandedOver(0, 0)
        try:
            return self._parts.reporting.send()
        except ScopeMissingError:
            self._may_report = False
            return HandedOver(0, 0)

    def _follow_list(self) -> SyncReport:
        """Sync the list where it is time for that; feedback must not wait for a fault of the feed."""
        report = SyncReport(way=self._parts.way.use.way)
        try:
            if (self._parts.way.use.lists or self._awaited is not None) and self._monotonic() >= self._sync_due:
                report = self._parts.sync.follow()
                self._begin_with_list()
                self._sync_due = self._monotonic() + self._sync_every_seconds
        except ExchangeUnreachableError:
            raise
        except StillmineError:
            with contextlib.suppress(StillmineError):
                self.send_feedback()
            raise
        return report

    def _look(self) -> None:
        status = self._exchange.status()
        self._status, self._status_heard = status, Heard(self._monotonic(), self._clock().replace(microsecond=0))
        self._looks_in_vain = 0
        self._may_report = "feedback" in status.scopes
        wanted = decided(self._choice, status.scopes)
        asks_meanwhile = wanted == Use(WayName.LIST) and "ask" in status.scopes and self._has_list_to_fetch
        if asks_meanwhile and self._awaited is None:
            log.info("the list is fetched; until it is whole, uploads are asked about")
            self._sync_due = 0.0
        self._awaited = wanted if asks_meanwhile else None
        self._begin_with(self._parts.way.use if asks_meanwhile else wanted)
        self._parts.regions.learn(status.scopes)
        for asks in (self._parts.asking, self._parts.regions):
            if may_answer(status, asks.problem):
                asks.try_soon()

    @property
    def _has_list_to_fetch(self) -> bool:
        """Whether uploads are asked about and nothing of a list is whole."""
        return self._parts.way.use == Use(WayName.ASK) and self._parts.store.synced_at() is None

    def _begin_with(self, use: Use) -> None:
        parts = self._parts
        if use != parts.way.use:
            log.info("uploads are looked up in the way: %s", use.way or "none that this key allows")
            self._sync_due = 0.0
            parts.way.switch(use)
        if use.way is not None and use.way is not parts.store.way():
            parts.store.remember_way(use.way)

    def _begin_with_list(self) -> None:
        """Look uploads up in the list that was awaited, once it is whole."""
        if self._awaited is not None and self._parts.store.synced_at() is not None:
            self._begin_with(self._awaited)
            self._awaited = None

    def _looked_in_vain(self, error: StillmineError) -> None:
        self._looks_in_vain += 1
        way = self._parts.way
        if way.use.way is None:
            way.switch(Use(None, (type(error),)))
        self._stop_if_refused(error)

    def _stop_if_refused(self, error: StillmineError) -> None:
        """Look nothing up in the list with a key that the exchange refuses; a look that works begins again."""
        way = self._parts.way
        if isinstance(error, KEY_REFUSED) and way.use.lists:
            log.error("the exchange refuses this key: nothing is looked up in its list until it takes one [%s]", error.code)
            way.switch(Use(way.use.way, (type(error),)))

    def _erase_unused_list(self) -> None:
        """Uploads are not looked up in it any more; what was found in it a moment ago is not answered once it is erased."""
        parts = self._parts
        is_unused = not parts.way.use.keeps_list and self._awaited is None and (parts.way.use.way is not None or self._looks_in_vain == 0)
        if is_unused and parts.store.holds_list():
            parts.store.erase_list()
            parts.index.clear()
            parts.have_let_go()
            log.info("the list is erased: it is not given any more, or not used")
        if is_unused and not parts.store.forget_erased():
            log.info("another program reads the store; erased values leave its log in a later round")
        elif is_unused and self._status is not None and "list" not in self._status.scopes:
            self._tell_erased()

    def _tell_erased(self) -> None:
        """People wait for this word about what they withdrew; where it was not taken, a later round says it."""
        place = self._parts.store.place()
        if place.cursor is None and not place.is_acknowledged and self._parts.have_let_go():
            with contextlib.suppress(StillmineError):
                self._exchange.acknowledge_erased()
                self._parts.store.mark_acknowledged(None)


def may_answer(status: ExchangeStatus, problem: str | None) -> bool:
    """Whether asks that fail may work again, by what the exchange says of itself."""
    has_quota = status.queries_left >= PHOTOGRAPH_QUERIES or problem != QuotaUsedUpError.code
    return problem is not None and has_quota and status.index is IndexState.READY
