# SPDX-License-Identifier: Apache-2.0
"""Where a partner is put together: the only place with a real clock and real randomness.

Everything else gets them as parameters. Nothing here decides anything.
"""

import logging
import secrets
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

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
from stillmine.partner.later.later import Later
from stillmine.partner.listing.age import MAX_AGE_HOURS, ListAge
from stillmine.partner.listing.index import ListIndex, loaded_index
from stillmine.partner.listing.look_up import ListWay
from stillmine.partner.listing.sync import Sync
from stillmine.partner.screening.recurring import RecurringRegions
from stillmine.partner.screening.regions import AsksRegions, NoRegions
from stillmine.partner.screening.screening import FingerprintsUploads, Screening
from stillmine.partner.screening.sources import Sources, one_source
from stillmine.partner.screening.upload_tokens import UploadTokens
from stillmine.partner.screening.way import Way
from stillmine.partner.screening.way_in_use import LOOK_SECONDS, Use, WayChoice, WayInUse, assumed, decided
from stillmine.partner.service.service import MoreRoutes, Service
from stillmine.partner.service.standing import Standing
from stillmine.partner.service.upkeep import KEPT_DAYS, Upkeep, mend_list
from stillmine.partner.store.screenings import KeptScreenings
from stillmine.partner.store.store import Store
from stillmine.partner.watching.counted import Counted
from stillmine.partner.webhooks.sending import WebhookChoice, Webhooks
from stillmine.wire.case_key import Secret
from stillmine.wire.errors import NotConfiguredError, StillmineError
from stillmine.wire.kinds import LISTED_KINDS
from stillmine.wire.screen import RegionsChoice, WayName

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
    asking: AskWay
    regions: RegionsAsking
    way: WayInUse
    following: Following
    age: ListAge

    @property
    def sources(self) -> Sources:
        """Where uploads are looked up."""
        return one_source(self.way, self.regions)

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
) -> Connected:
    """Tie a store to its exchange; raises HomeOfAnotherExchangeError where it belongs to another one.

    `looks_up`: whether uploads are looked up; else the list stays in the store and is not read into memory.
    """
    store.bind_exchange(settings.url)
    mend_list(store)
    store.match_kinds(LISTED_KINDS)
    index = loaded_index(store) if looks_up else ListIndex()
    exchange = Exchange(settings, surroundings.transport)
    asks = asking(settings, surroundings.clock, surroundings.random_bytes, surroundings.transport, surroundings.monotonic)
    age = ListAge(store, surroundings.clock, surroundings.monotonic, max_age_hours)
    way = WayInUse(ListWay(store, index, threads=threads, is_too_old=age.is_too_old), asks, assumed(choice, store.way()))
    update = index.follow if looks_up else lambda _changes: None
    sync = Sync(exchange, store, update, surroundings.clock, must_stop=must_stop, note_synced=age.note_synced)
    asks_regions = _asking_regions(settings, regions, surroundings, lambda: way.use.asks, recurring)
    parts = Parts(store, index, sync, Reporting(exchange, store, must_stop), way, asks, asks_regions)
    following = Following(
        choice, exchange, parts, surroundings.clock, sync_every_seconds=sync_every_seconds, monotonic=surroundings.monotonic
    )
    return Connected(store, exchange, asks, asks_regions, way, following, age)


def _asking_regions(
    settings: ExchangeSettings,
    choice: RegionsChoice,
    outside: Surroundings,
    is_needed: Callable[[], bool],
    recurring: RecurringRegions | None,
) -> RegionsAsking:
    exchange = Exchange(settings, outside.transport, limits=PICTURE_LIMITS)
    memory = ClearMemory(outside.random_bytes(KEY_BYTES), outside.monotonic)
    return RegionsAsking(exchange, choice, memory, outside.clock, monotonic=outside.monotonic, is_needed=is_needed, recurring=recurring)


@contextmanager
def opened_sync(
    home: Path, settings: ExchangeSettings, choice: WayChoice, surroundings: Surroundings = REAL
) -> Iterator[tuple[Following, Store]]:
    """Open what one sync from the command line needs."""
    store = Store(home)
    try:
        parts = connected(store, settings, choice, surroundings, looks_up=False)
        try:
            yield parts.following, store
        finally:
            parts.close()
    finally:
        store.close()


@contextmanager
def opened_screening(
    home: Path,
    threads: int,
    settings: Callable[[], ExchangeSettings | None],
    choice: WayChoice = WayChoice.AUTO,
    surroundings: Surroundings = REAL,
    *,
    needs_sandbox: bool = False,
    regions: RegionsChoice = RegionsChoice.ALL,
    max_age_hours: int = MAX_AGE_HOURS,
    older_by: FingerprintsUploads | None = None,
) -> Iterator[Screening]:
    """Open what screening files from the command line needs; raises NotConfiguredError where a sandbox is wanted and there is none.

    `settings` returns the exchange, None where none is named; it is asked where the list alone does not do. `older_by`: these are files
    that were uploaded before, and this makes their fingerprints, started and ended by whoever gives it.
    """
    key = upload_token_key(home, surroundings.random_bytes)
    tokens = UploadTokens(key, surroundings.clock, is_older=older_by is not None)
    store, own = Store(home), Fingerprinter(threads, needs_sandbox=needs_sandbox)
    try:
        recurring = RecurringRegions(bytes(key), store.recurring())
        mend_list(store)
        age = ListAge(store, surroundings.clock, surroundings.monotonic, max_age_hours)
        listing = ListWay(store, loaded_index(store), threads=threads, is_too_old=age.is_too_old)
        way, asks_regions = _way_for_files(store, settings, choice, surroundings, listing=listing, regions=regions, recurring=recurring)
        screening = Screening(store, one_source(way, asks_regions), older_by or own, tokens, clock=surroundings.clock)
        try:
            if older_by is None:
                own.start()
                own.check_sandbox()
            yield screening
        finally:
            screening.close()
            own.close()
    finally:
        store.close()


def _way_for_files(
    store: Store,
    settings: Callable[[], ExchangeSettings | None],
    choice: WayChoice,
    surroundings: Surroundings,
    *,
    listing: ListWay,
    regions: RegionsChoice,
    recurring: RecurringRegions,
) -> tuple[Way, AsksRegions]:
    """Return how files from the command line are looked up: nothing of the store changes by that but what matches."""
    use = assumed(choice, store.way())
    exchange = None if use == Use(WayName.LIST) and regions is RegionsChoice.OFF else settings()
    if exchange is None:
        if use.asks:
            raise NotConfiguredError("--exchange or STILLMINE_PARTNER_EXCHANGE: uploads are looked up there, and no list is kept here")
        return listing, NoRegions()
    store.bind_exchange(exchange.url)
    scopes = _scopes(exchange, surroundings)
    asks_regions = _asking_regions(exchange, regions, surroundings, lambda: use != Use(WayName.LIST), recurring)
    if not isinstance(scopes, StillmineError):
        asks_regions.learn(scopes)
    if use == Use(WayName.LIST):
        return listing, asks_regions
    asks = asking(exchange, surroundings.clock, surroundings.random_bytes, surroundings.transport, surroundings.monotonic)
    asks.start()
    decided_use = Use(None, (type(scopes),)) if isinstance(scopes, StillmineError) else decided(choice, scopes)
    return WayInUse(listing, asks, decided_use), asks_regions


def _scopes(settings: ExchangeSettings, surroundings: Surroundings) -> list[str] | StillmineError:
    """Return what the key may do, or the error of why nobody knows."""
    with Exchange(settings, surroundings.transport) as exchange:
        try:
            return exchange.status().scopes
        except StillmineError as error:
            return error


def _say_at_start(use: Use, *, is_shut_in: bool) -> None:
    if is_shut_in:
        log.info("workers are shut in: no file, no network, no other process")
    log.info("uploads are looked up in the way: %s", use.way or "not known before the exchange says what this key may")


def _screening(
    parts: Connected, fingerprinter: Fingerprinter, token_key: Secret, surroundings: Surroundings, thread: FollowThread, *, counted: Counted
) -> Screening:
    return Screening(
        parts.store,
        parts.sources,
        fingerprinter,
        UploadTokens(token_key, surroundings.clock),
        clock=surroundings.clock,
        feedback_is_waiting=thread.wake,
        answered=counted.screened,
        monotonic=surroundings.monotonic,
    )


def _standing(parts: Connected, home: Path, surroundings: Surroundings, thread: FollowThread, webhooks: Webhooks) -> Standing:
    return Standing(
        parts.store,
        home,
        use=lambda: parts.way.use,
        following=parts.following,
        clock=surroundings.clock,
        last_problem=lambda: thread.problem,
        is_list_too_old=parts.age.is_too_old,
        webhooks=webhooks.health,
    )


@asynccontextmanager
async def _going_on(
    parts: Connected,
    fingerprinter: Fingerprinter,
    screening: Screening,
    thread: FollowThread,
    upkeep: Upkeep,
    *,
    webhooks: Webhooks,
    later: Later,
) -> AsyncIterator[None]:
    """What runs beside the answers, for as long as the service does."""
    try:
        fingerprinter.start()
        _say_at_start(parts.way.use, is_shut_in=not await run_in_threadpool(fingerprinter.check_sandbox))
        parts.asking.start()
        thread.start()
        webhooks.start()
        await later.start()
        async with upkeep.going_on():
            yield
    finally:
        later.take_no_more()
        screening.close()
        fingerprinter.close()
        await later.stop()
        await run_in_threadpool(webhooks.stop)
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
) -> Starlette:
    """Put the service together; its threads live as long as the application's lifespan, and the store is closed with it."""
    key = service_key(home, surroundings.random_bytes)
    token_key = upload_token_key(home, surroundings.random_bytes)
    store, stop = Store(home), threading.Event()
    webhooks = Webhooks(home, webhook, surroundings.clock, surroundings.random_bytes)
    recurring = RecurringRegions(bytes(token_key), store.recurring())
    parts = connected(
        store,
        settings,
        choice,
        surroundings,
        threads=threads,
        sync_every_seconds=sync_every_seconds,
        must_stop=stop.is_set,
        regions=regions,
        recurring=recurring,
        max_age_hours=max_age_hours,
    )
    thread, fingerprinter = FollowThread(parts.following, stop), Fingerprinter(threads, needs_sandbox=needs_sandbox)
    counted = Counted()
    screening = _screening(parts, fingerprinter, token_key, surroundings, thread, counted=counted)
    later = Later(KeptScreenings(home), max(1, threads // 2), surroundings.clock, surroundings.random_bytes)
    upkeep = Upkeep(store, surroundings.clock, kept_days, recurring, screening.record_waiting)
    return Service(
        screening=screening,
        store=store,
        home=home,
        key=key,
        clock=surroundings.clock,
        random_bytes=surroundings.random_bytes,
        feedback_is_waiting=thread.wake,
        standing=_standing(parts, home, surroundings, thread, webhooks),
        counted=counted,
        workers=fingerprinter.load,
        lifespan=lambda _app: _going_on(parts, fingerprinter, screening, thread, upkeep, webhooks=webhooks, later=later),
        more_routes=more_routes,
        sources=sources or AllowedSources(),
        later=later,
    ).app()
