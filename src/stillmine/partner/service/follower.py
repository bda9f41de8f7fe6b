# SPDX-License-Identifier: Apache-2.0
"""Where a follower is put together: an instance that answers uploads for a leader, with no store of its own.

Nothing here decides anything. Contract: spec/instances.md.
"""

import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool

from stillmine.client.exchange import Exchange
from stillmine.client.settings import ExchangeSettings
from stillmine.partner.asking.connecting import asking
from stillmine.partner.asking.look_up import AskWay
from stillmine.partner.asking.regions import RegionsAsking
from stillmine.partner.fetching.allowed import AllowedSources
from stillmine.partner.fingerprinting.fingerprinter import Fingerprinter
from stillmine.partner.following.background import FollowThread
from stillmine.partner.following.following import may_answer
from stillmine.partner.ground.errors import LeaderAwayError
from stillmine.partner.instances.followed import Followed, LeasedWay, leased_at_once
from stillmine.partner.instances.handing_over import HandingOver
from stillmine.partner.instances.leader import Leader
from stillmine.partner.instances.lease import Lease
from stillmine.partner.instances.messages import Welcome
from stillmine.partner.instances.rounds import FollowLeader
from stillmine.partner.later.later import Later
from stillmine.partner.listing.look_up import ListWay
from stillmine.partner.older.waiting import WaitingUploads
from stillmine.partner.screening.recurring import RecurringRegions
from stillmine.partner.screening.screening import ID_BYTES, Screening
from stillmine.partner.screening.sources import Policy, Source, Sources
from stillmine.partner.screening.upload_tokens import UploadTokens
from stillmine.partner.screening.way_in_use import LOOK_SECONDS, WayInUse, list_at_once
from stillmine.partner.service.app import REAL, Surroundings, asking_regions
from stillmine.partner.service.follower_standing import FollowerStanding
from stillmine.partner.service.own_gauges import gauges_of_follower
from stillmine.partner.service.service import Service
from stillmine.partner.watching.counted import Counted
from stillmine.wire.case_key import Secret
from stillmine.wire.errors import NotConfiguredError
from stillmine.wire.screen import KeptScreening, RegionsChoice, ScreenResult

log = logging.getLogger("stillmine.partner")


class LeaderScreenings:
    """Answers that come later are the leader's: what is sent here is answered in time, and how one of the leader's stands is passed on."""

    def __init__(self, leader: Leader) -> None:
        self._leader = leader

    def accept(self, _screening_id: bytes, _content_id: str | None, _minute: int) -> KeptScreening:
        """Accept nothing for later; raises LeaderAwayError, after which the answer waits for the result."""
        raise LeaderAwayError

    def finish(self, _screening_id: bytes, _result: ScreenResult, _minute: int) -> None:
        """Nothing was accepted."""

    def interrupt(self, _minute: int) -> int:
        """Nothing was accepted."""
        return 0

    def forget(self, _minute: int) -> None:
        """Nothing is kept."""

    def one(self, screening_id: bytes) -> KeptScreening:
        """Return how one stands that the leader accepted; raises ScreeningNotFoundError, LeaderAwayError."""
        return self._leader.screening(screening_id)

    def close(self) -> None:
        """Nothing is open."""


class ExchangeLook:
    """Looks at the exchange now and then, for what asks it: what this key may do, and whether what failed may work again."""

    def __init__(self, exchange: Exchange, asks: AskWay, regions: RegionsAsking) -> None:
        self._exchange = exchange
        self._asks = asks
        self._regions = regions

    def run(self) -> None:
        """Look once; raises the StillmineError of what failed."""
        status = self._exchange.status()
        self._regions.learn(status.scopes)
        for asks in (self._asks, self._regions):
            if may_answer(status, asks.problem):
                asks.try_soon()

    def send_feedback(self) -> None:
        """Nothing: the leader does."""

    def seconds_to_next(self) -> float:
        """Return how long to wait for the next look."""
        return LOOK_SECONDS


@dataclass(frozen=True, slots=True)
class _Parts:
    """What runs in one follower."""

    leader: Leader
    exchange: Exchange
    asks: AskWay
    regions: RegionsAsking
    screening: Screening
    fingerprinter: Fingerprinter
    rounds: FollowLeader
    handing_over: HandingOver
    look: FollowThread

    @asynccontextmanager
    async def going_on(self, later: Later) -> AsyncIterator[None]:
        """What runs beside the answers, for as long as the service does."""
        try:
            self.fingerprinter.start()
            if not await run_in_threadpool(self.fingerprinter.check_sandbox):
                log.info("workers are shut in: no file, no network, no other process")
            self.asks.start()
            self.look.start()
            self.rounds.start()
            self.handing_over.start()
            await later.start()
            yield
        finally:
            later.take_no_more()
            self.screening.close()
            self.fingerprinter.close()
            await later.stop()
            await run_in_threadpool(self.handing_over.stop)
            await run_in_threadpool(self.rounds.stop)
            if self.look.stop():
                self.regions.close()
                self.exchange.close()
            self.leader.close()


def joined(leader: Leader, settings: ExchangeSettings) -> Welcome:
    """Return what the leader tells; raises NotConfiguredError where its exchange is another one, and what `Leader` does."""
    said = leader.welcome()
    if said.exchange_url != settings.url:
        raise NotConfiguredError("--exchange: the leader's is another one; name the same")
    return said


def build_follower(
    home: Path,
    settings: ExchangeSettings,
    leader: Leader,
    said: Welcome,
    threads: int,
    *,
    surroundings: Surroundings = REAL,
    needs_sandbox: bool = False,
    regions: RegionsChoice = RegionsChoice.ALL,
    sources: AllowedSources | None = None,
    policy: Policy = Policy(),  # noqa: B008 (it is frozen)
) -> Starlette:
    """Put the service together; its threads live as long as the application's lifespan, and the leader's connections are closed with it."""
    lease = Lease(surroundings.monotonic)
    followed, counted = Followed(leader, lease), Counted()
    fingerprinter = Fingerprinter(threads, needs_sandbox=needs_sandbox)
    waiting = WaitingUploads(home, surroundings.clock, surroundings.random_bytes, surroundings.monotonic)
    handing_over = HandingOver(waiting, leader, followed, surroundings.clock)
    parts = _parts(
        settings,
        threads,
        leader,
        followed,
        surroundings,
        said=said,
        fingerprinter=fingerprinter,
        regions=regions,
        counted=counted,
        policy=policy,
        handing_over=handing_over,
    )
    later = Later(LeaderScreenings(leader), max(1, threads // 2), surroundings.clock, surroundings.random_bytes)
    standing = FollowerStanding(
        followed,
        lease,
        home,
        surroundings.clock,
        last_problem=lambda: parts.rounds.problem,
        asking_problem=lambda: parts.asks.problem,
        regions=lambda: parts.regions.choice,
        waiting=lambda: parts.screening.waiting,
    )
    return Service(
        screening=parts.screening,
        store=leader,
        home=home,
        key=Secret(said.service_key.encode()),
        clock=surroundings.clock,
        random_bytes=surroundings.random_bytes,
        standing=standing,
        counted=counted,
        workers=fingerprinter.load,
        lifespan=lambda _app: parts.going_on(later),
        sources=sources or AllowedSources(),
        later=later,
        desk=None,
        delete_older=leader.delete_older,
        gauges=gauges_of_follower(lease, handing_over, lambda: parts.screening.waiting),
    ).app()


def _parts(
    settings: ExchangeSettings,
    threads: int,
    leader: Leader,
    followed: Followed,
    outside: Surroundings,
    *,
    said: Welcome,
    fingerprinter: Fingerprinter,
    regions: RegionsChoice,
    counted: Counted,
    policy: Policy,
    handing_over: HandingOver,
) -> _Parts:
    token_key = Secret(said.upload_token_key.encode())
    asks = asking(settings, outside.clock, outside.random_bytes, outside.transport, outside.monotonic)
    listing = ListWay(followed, followed.index, threads=threads, is_too_old=followed.is_too_old, fresh_at_once=followed.fresh_at_once)
    way = WayInUse(listing, asks, followed.use, policy.counts)
    asks_regions = asking_regions(settings, regions, outside, lambda: way.use.asks, RecurringRegions(bytes(token_key)))
    at_once = leased_at_once(list_at_once(way, listing.look_up_at_once), followed.lease)
    screening = Screening(
        followed,
        Sources([Source(policy, LeasedWay(way, followed.lease), asks_regions, at_once=at_once)]),
        fingerprinter,
        UploadTokens(token_key, outside.clock),
        clock=outside.clock,
        answered=counted.screened,
        monotonic=outside.monotonic,
        remember=handing_over.remember,
    )
    rounds = FollowLeader(
        leader,
        followed,
        outside.random_bytes(ID_BYTES).hex(),
        monotonic=outside.monotonic,
        use_changed=_switch(way, followed),
        record_waiting=screening.record_waiting,
        count_waiting=lambda: handing_over.waiting,
    )
    exchange = Exchange(settings, outside.transport)
    look = FollowThread(ExchangeLook(exchange, asks, asks_regions), threading.Event())
    return _Parts(leader, exchange, asks, asks_regions, screening, fingerprinter, rounds, handing_over, look)


def _switch(way: WayInUse, followed: Followed) -> Callable[[], None]:
    """Return what uses the leader's way."""

    def switch() -> None:
        if followed.use != way.use:
            log.info("uploads are looked up in the way: %s", followed.use.way or "not known yet, as the leader does not know it")
            way.switch(followed.use)

    return switch
