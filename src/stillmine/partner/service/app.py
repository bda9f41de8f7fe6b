# SPDX-License-Identifier: Apache-2.0
"""Where a partner is put together: the only place with a real clock and real randomness.

Everything else gets them as parameters. Nothing here decides anything.
"""

import logging
import secrets
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

import httpx
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool

from stillmine.client.exchange import Exchange
from stillmine.client.settings import ExchangeSettings
from stillmine.partner.asking.clear_memory import ClearMemory
from stillmine.partner.asking.connecting import KEY_BYTES, PICTURE_LIMITS, asking
from stillmine.partner.asking.look_up import AskWay
from stillmine.partner.asking.regions import RegionsAsking
from stillmine.partner.fetching.allowed import AllowedSources
from stillmine.partner.fingerprinting.fingerprinter import Fingerprinter, default_threads
from stillmine.partner.following.background import FollowThread
from stillmine.partner.following.following import Following, Parts
from stillmine.partner.following.reporting import Reporting
from stillmine.partner.ground.home import service_key, upload_token_key
from stillmine.partner.instances.copies import Copies
from stillmine.partner.instances.leading import Leading, welcome
from stillmine.partner.instances.messages import Welcome
from stillmine.partner.later.later import Later
from stillmine.partner.listing.age import MAX_AGE_HOURS, ListAge
from stillmine.partner.listing.look_up import ListWay
from stillmine.partner.listing.sync import Sync
from stillmine.partner.older.older_content import OlderChoice, OlderContent
from stillmine.partner.screening.recurring import RecurringRegions
from stillmine.partner.screening.screening import Screening
from stillmine.partner.screening.sources import Policy, Source, Sources
from stillmine.partner.screening.upload_tokens import UploadTokens
from stillmine.partner.screening.way import Candidate
from stillmine.partner.screening.way_in_use import LOOK_SECONDS, Use, WayChoice, WayInUse, assumed, list_at_once
from stillmine.partner.service.further_sources import FurtherSource, FurtherSources, MakesExchange, OpenedLists, Outside, opened_sources
from stillmine.partner.service.held_reviews import HeldReviews
from stillmine.partner.service.leading import leader_standing, list_in_memory
from stillmine.partner.service.leading_routes import with_followers
from stillmine.partner.service.looking_again import let_look_again
from stillmine.partner.service.mending import MendingRounds
from stillmine.partner.service.own_gauges import gauges_of_leader
from stillmine.partner.service.service import MoreRoutes, PlatformBanks, Service
from stillmine.partner.service.standing import Beside, Standing, source_health
from stillmine.partner.service.upkeep import KEPT_DAYS, Upkeep
from stillmine.partner.sources.file import SourceChoice
from stillmine.partner.store.desk import Desk
from stillmine.partner.store.place import PageChanges
from stillmine.partner.store.screenings import KeptScreenings
from stillmine.partner.store.store import Store
from stillmine.partner.watching.counted import Counted
from stillmine.partner.webhooks.sending import WebhookChoice, Webhooks
from stillmine.wire.case_key import Secret
from stillmine.wire.errors import NotConfiguredError
from stillmine.wire.screen import FIRST_SOURCE, RegionsChoice, WebhooksHealth

log = logging.getLogger("stillmine.partner")

DEFAULT_THREADS = default_threads()
"""Pictures decoded at once; how many of others, and how much memory that may take, is in fingerprinter.py."""


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def seconds_with_sleep() -> float:
    """Count seconds, also while the machine is suspended, where the system has a clock for that: nothing outlives its time by a sleep."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the outside world gives: time, randomness, and the network where tests replace it."""

    clock: Callable[[], datetime] = utc_now
    random_bytes: Callable[[int], bytes] = secrets.token_bytes
    monotonic: Callable[[], float] = seconds_with_sleep
    transport: httpx.BaseTransport | None = None


REAL = Surroundings()


@dataclass(frozen=True, slots=True)
class Connected:
    """One store and one exchange, and what stands between them."""

    store: Store
    exchange: Exchange
    listing: ListWay
    asking: AskWay
    regions: RegionsAsking
    way: WayInUse
    following: Following
    age: ListAge
    copies: Copies

    def source(self, policy: Policy = Policy()) -> Source:  # noqa: B008 (it is frozen)
        """Return it as a place where uploads are looked up."""
        at_once = list_at_once(self.way, self.listing.look_up_at_once)
        return Source(policy, self.way, self.regions, self.store.values_of, at_once)

    def leading(self, said: Welcome, feedback_is_waiting: Callable[[], None], older: OlderContent) -> Leading:
        """Return it as a leader that tells its followers this first, and remembers what they screen."""
        standing = leader_standing(self.store, self.way, self.age, older.waiting_key)
        return Leading(self.store, self.copies, standing, said, feedback_is_waiting, take=older.take)

    @property
    def sources(self) -> Sources:
        """This exchange alone."""
        return Sources([self.source()])

    def mending(self, outside: Surroundings) -> MendingRounds:
        """Return its rounds, which look the list through too."""
        return MendingRounds(self.following, self.store, outside.monotonic, is_checked=self.copies.is_checked)

    def close(self) -> None:
        """Take no more uploads, and let go of the connections."""
        self.way.close()
        self.regions.close()
        self.exchange.close()


def connected(
    store: Store,
    settings: ExchangeSettings,
    choice: WayChoice,
    surroundings: Surroundings = REAL,
    *,
    looks_up: bool = True,
    threads: int = 1,
    sync_every_seconds: float = LOOK_SECONDS,
    must_stop: Callable[[], bool] = lambda: False,
    regions: RegionsChoice = RegionsChoice.ALL,
    recurring: RecurringRegions | None = None,
    max_age_hours: int = MAX_AGE_HOURS,
    name: str = FIRST_SOURCE,
    matches: Store | None = None,
    have_erased: Callable[[], None] = lambda: None,
    list_changed: Callable[[], None] = lambda: None,
    is_leading: bool = False,
    counts: Callable[[Candidate], bool] = lambda _found: True,
) -> Connected:
    """Tie a store to its exchange; raises HomeOfAnotherExchangeError where it belongs to another one.

    `looks_up`: whether uploads are looked up; else the list stays in the store and is not read into memory. Of several exchanges `matches`
    keeps what waits for the one called `name`; `have_erased` is called after a page took something out of the list,
    `list_changed` when what a page brought is looked up.
    `is_leading`: whether other instances may follow. `counts`: whether a match is one, by the policy of this source.
    """
    store.bind_exchange(settings.url)
    index, copies = list_in_memory(store, surroundings.monotonic, must_stop, looks_up=looks_up, is_leading=is_leading)
    exchange = Exchange(settings, surroundings.transport)
    asks = asking(settings, surroundings.clock, surroundings.random_bytes, surroundings.transport, surroundings.monotonic)
    age = ListAge(store, surroundings.clock, surroundings.monotonic, max_age_hours)
    listing = ListWay(store, index, threads=threads, is_too_old=age.is_too_old, fresh_at_once=age.fresh_at_once)
    way = WayInUse(listing, asks, assumed(choice, store.way()), counts)

    def update(changes: PageChanges) -> None:
        if looks_up:
            index.follow(changes)
            list_changed()
        copies.follow(changes)
        if changes.erased:
            have_erased()

    sync = Sync(
        exchange, store, update, surroundings.clock, must_stop=must_stop, note_synced=age.note_synced, have_let_go=copies.have_let_go
    )
    asks_regions = asking_regions(settings, regions, surroundings, lambda: way.use.asks, recurring)
    parts = Parts(store, index, sync, Reporting(exchange, matches or store, must_stop, name), way, asks, asks_regions, copies.have_let_go)
    following = Following(
        choice, exchange, parts, surroundings.clock, sync_every_seconds=sync_every_seconds, monotonic=surroundings.monotonic
    )
    return Connected(store, exchange, listing, asks, asks_regions, way, following, age, copies)


def asking_regions(
    settings: ExchangeSettings,
    choice: RegionsChoice,
    outside: Surroundings,
    is_needed: Callable[[], bool],
    recurring: RecurringRegions | None,
) -> RegionsAsking:
    """Return what asks this exchange about regions."""
    exchange = Exchange(settings, outside.transport, limits=PICTURE_LIMITS)
    memory = ClearMemory(outside.random_bytes(KEY_BYTES), outside.monotonic)
    return RegionsAsking(exchange, choice, memory, outside.clock, monotonic=outside.monotonic, is_needed=is_needed, recurring=recurring)


def _say_at_start(use: Use, *, is_shut_in: bool) -> None:
    if is_shut_in:
        log.info("workers are shut in: no file, no network, no other process")
    log.info("uploads are looked up in the way: %s", use.way or "not known yet, the exchange is being asked what this key may")


def _screening(
    lists: OpenedLists,
    sources: Sources,
    fingerprinter: Fingerprinter,
    token_key: Secret,
    surroundings: Surroundings,
    *,
    wake: Callable[[], None],
    counted: Counted,
    older: OlderContent,
) -> Screening:
    return Screening(
        lists.matches,
        sources,
        fingerprinter,
        UploadTokens(token_key, surroundings.clock),
        clock=surroundings.clock,
        feedback_is_waiting=wake,
        answered=counted.screened,
        monotonic=surroundings.monotonic,
        remember=older.remember if older.remembers else None,
    )


def _further_exchange(home: Path, surroundings: Surroundings, connect: Callable[..., Connected]) -> MakesExchange:
    """`connect` makes the parts of one exchange as of any."""

    def make(choice: SourceChoice, listed: Store, stores: OpenedLists) -> FurtherSource:
        policy, stop = choice.policy, threading.Event()
        if choice.exchange is None:
            raise NotConfiguredError(f"--config: {policy.name}: url and key_file are missing")
        parts = connect(
            listed,
            choice.exchange,
            choice.way,
            must_stop=stop.is_set,
            regions=choice.regions or RegionsChoice.ALL,
            name=policy.name,
            matches=stores.store,
            have_erased=lambda: stores.note_withdrawn(policy.name),
            counts=policy.counts,
        )
        thread = FollowThread(parts.mending(surroundings), stop)
        standing = _standing(parts, home, surroundings, thread)

        def close() -> None:
            parts.close()
            listed.close()

        return FurtherSource(
            policy,
            parts.source(policy),
            lambda: source_health(standing.health(), policy, stores.store.waiting_for(policy.name)),
            lambda: {part: word for part, word in standing.own_parts().items() if part != "disk"},
            close,
            parts.asking.start,
            thread,
        )

    return make


def _standing(
    parts: Connected,
    home: Path,
    surroundings: Surroundings,
    thread: FollowThread,
    webhooks: Callable[[], WebhooksHealth | None] = lambda: None,
    *,
    beside: Beside = Beside(),  # noqa: B008 (it is frozen)
) -> Standing:
    return Standing(
        parts.store,
        home,
        use=lambda: parts.way.use,
        following=parts.following,
        clock=surroundings.clock,
        last_problem=lambda: thread.problem,
        is_list_too_old=parts.age.is_too_old,
        webhooks=webhooks,
        beside=beside,
    )


class _Runs(NamedTuple):
    """What runs beside the answers and following the exchange."""

    upkeep: Upkeep
    webhooks: Webhooks
    later: Later
    further: FurtherSources
    held_reviews: HeldReviews
    older: OlderContent


@asynccontextmanager
async def _going_on(
    parts: Connected, fingerprinter: Fingerprinter, screening: Screening, thread: FollowThread, beside: _Runs
) -> AsyncIterator[None]:
    """What runs beside the answers, for as long as the service does."""
    upkeep, webhooks, later, further, held_reviews, older = beside
    try:
        fingerprinter.start()
        _say_at_start(parts.way.use, is_shut_in=not await run_in_threadpool(fingerprinter.check_sandbox))
        parts.asking.start()
        thread.start()
        further.start()
        webhooks.start()
        older.start()
        await later.start()
        async with upkeep.going_on(), held_reviews.going_on():
            yield
    finally:
        later.take_no_more()
        screening.close()
        fingerprinter.close()
        await later.stop()
        await run_in_threadpool(webhooks.stop)
        await run_in_threadpool(older.stop)
        further.stop()
        held_reviews.close()
        if thread.stop():
            parts.close()
            parts.store.close()


def build_service(
    home: Path,
    settings: ExchangeSettings,
    sync_every_seconds: float,
    threads: int = DEFAULT_THREADS,
    surroundings: Surroundings = REAL,
    *,
    choice: WayChoice = WayChoice.AUTO,
    needs_sandbox: bool = False,
    kept_days: int = KEPT_DAYS,
    regions: RegionsChoice = RegionsChoice.ALL,
    max_age_hours: int = MAX_AGE_HOURS,
    more_routes: MoreRoutes = lambda _parts: [],
    webhook: WebhookChoice | None = None,
    sources: AllowedSources | None = None,
    policy: Policy = Policy(),  # noqa: B008 (it is frozen)
    further: Sequence[SourceChoice] = (),
    remembered: OlderChoice | None = None,
    instances_key: Secret | None = None,
) -> Starlette:
    """Put the service together; its threads live as long as the application's lifespan, and the stores are closed with it."""
    clock, random_bytes = surroundings.clock, surroundings.random_bytes
    key, token_key = (own(home, random_bytes) for own in (service_key, upload_token_key))
    store, stop, fingerprinter = Store(home), threading.Event(), Fingerprinter(threads, needs_sandbox=needs_sandbox)
    older = OlderContent(home, remembered, token_key, clock, random_bytes, monotonic=surroundings.monotonic)
    webhooks, recurring = Webhooks(home, webhook, clock, random_bytes), RecurringRegions(bytes(token_key), store.recurring())
    timed = partial(connected, sync_every_seconds=sync_every_seconds, max_age_hours=max_age_hours)
    connect = partial(timed, surroundings=surroundings, threads=threads, regions=regions)
    first = partial(connect, recurring=recurring, list_changed=older.list_changed, is_leading=instances_key is not None)
    parts = first(store, settings, choice, must_stop=stop.is_set, counts=policy.counts)
    thread, lists = FollowThread(parts.mending(surroundings), stop), OpenedLists(home, store, further)
    outside = Outside(clock, surroundings.monotonic, surroundings.transport, threads, max_age_hours)
    more = opened_sources(further, lists, outside, _further_exchange(home, surroundings, connect))
    wake, counted = partial(more.wake, thread), Counted()
    later, held_reviews = Later(KeptScreenings(home), max(1, threads // 2), clock, random_bytes), HeldReviews(Desk(home), clock, wake)
    looked_up = Sources([parts.source(policy), *more.sources], more.negative_bank)
    screening = _screening(lists, looked_up, fingerprinter, token_key, surroundings, wake=wake, counted=counted, older=older)
    let_look_again(older, screening, parts.following, (parts.way, parts.listing, parts.asking), (policy, store, more.negative_bank))
    upkeep = Upkeep(store, clock, kept_days, recurring, screening.record_waiting, copies=parts.copies)
    told = Beside(policy, more.all, looked_up.would_have_matched, older.health)
    return Service(
        screening=screening,
        store=store,
        home=home,
        key=key,
        clock=clock,
        random_bytes=random_bytes,
        feedback_is_waiting=wake,
        standing=_standing(parts, home, surroundings, thread, webhooks.health, beside=told),
        counted=counted,
        workers=fingerprinter.load,
        lifespan=lambda _app: _going_on(parts, fingerprinter, screening, thread, _Runs(upkeep, webhooks, later, more, held_reviews, older)),
        desk=held_reviews.desk,
        delete_older=older.delete,
        more_routes=with_followers(more_routes, instances_key, parts.leading(welcome(settings.url, key, token_key), wake, older)),
        sources=sources or AllowedSources(),
        later=later,
        banks=PlatformBanks(lists.banks, store.fingerprints_of),
        gauges=gauges_of_leader(store, parts.copies, older, later, is_leading=instances_key is not None),
    ).app()
