# SPDX-License-Identifier: Apache-2.0
"""What commands open: one sync, or the screening of files, without the service."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from stillmine.client.exchange import Exchange
from stillmine.client.settings import ExchangeSettings
from stillmine.partner.asking.connecting import asking
from stillmine.partner.fingerprinting.fingerprinter import Fingerprinter
from stillmine.partner.following.following import Following
from stillmine.partner.ground.home import upload_token_key
from stillmine.partner.listing.age import MAX_AGE_HOURS
from stillmine.partner.screening.recurring import RecurringRegions
from stillmine.partner.screening.regions import NoRegions
from stillmine.partner.screening.screening import FingerprintsUploads, Screening
from stillmine.partner.screening.sources import Policy, Source, Sources
from stillmine.partner.screening.upload_tokens import UploadTokens
from stillmine.partner.screening.way_in_use import Use, WayChoice, WayInUse, assumed, decided
from stillmine.partner.service.app import REAL, Surroundings, asking_regions, connected
from stillmine.partner.service.sources_for_files import Listed, sources_for_files
from stillmine.partner.sources.file import SourceChoice
from stillmine.partner.store.store import Store
from stillmine.wire.errors import NotConfiguredError, StillmineError
from stillmine.wire.screen import RegionsChoice, WayName


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
    policy: Policy = Policy(),  # noqa: B008 (it is frozen)
    further: Sequence[SourceChoice] = (),
) -> Iterator[Screening]:
    """Open what screening files from the command line needs; raises NotConfiguredError where a sandbox is wanted and there is none.

    `settings` returns the exchange, None where none is named; it is asked where the list alone does not do. `older_by`: these are files
    that were uploaded before, and this makes their fingerprints, started and ended by whoever gives it. `policy` is that of the exchange,
    `further` are the sources beside it.
    """
    key = upload_token_key(home, surroundings.random_bytes)
    tokens = UploadTokens(key, surroundings.clock, is_older=older_by is not None)
    store, own = Store(home), Fingerprinter(threads, needs_sandbox=needs_sandbox)
    try:
        recurring = RecurringRegions(bytes(key), store.recurring())
        listed = Listed(surroundings.clock, surroundings.monotonic, threads, max_age_hours)
        for_files = partial(_source_for_files, surroundings=surroundings, listed=listed)

        def further_exchange(one: SourceChoice, kept: Store) -> Source:
            return for_files(kept, one.policy, lambda: one.exchange, one.way, one.regions or regions)

        with sources_for_files(home, store, further, listed, further_exchange) as beside:
            first = for_files(store, policy, settings, choice, regions, recurring=recurring)
            sources = Sources([first, *beside.sources], beside.negative_bank)
            screening = Screening(beside.matches, sources, older_by or own, tokens, clock=surroundings.clock)
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


def _source_for_files(
    store: Store,
    policy: Policy,
    settings: Callable[[], ExchangeSettings | None],
    choice: WayChoice,
    regions: RegionsChoice,
    *,
    surroundings: Surroundings,
    listed: Listed,
    recurring: RecurringRegions | None = None,
) -> Source:
    """Return how files from the command line are looked up at one exchange: nothing of the store changes by that but what matches."""
    listing = listed.way(store)
    use = assumed(choice, store.way())
    exchange = None if use == Use(WayName.LIST) and regions is RegionsChoice.OFF else settings()
    if exchange is None:
        if use.asks:
            raise NotConfiguredError("--exchange or STILLMINE_PARTNER_EXCHANGE: uploads are looked up there, and no list is kept here")
        return Source(policy, listing, NoRegions(), store.values_of)
    store.bind_exchange(exchange.url)
    scopes = _scopes(exchange, surroundings)
    asks_regions = asking_regions(exchange, regions, surroundings, lambda: use != Use(WayName.LIST), recurring)
    if not isinstance(scopes, StillmineError):
        asks_regions.learn(scopes)
    if use == Use(WayName.LIST):
        return Source(policy, listing, asks_regions, store.values_of)
    asks = asking(exchange, surroundings.clock, surroundings.random_bytes, surroundings.transport, surroundings.monotonic)
    asks.start()
    decided_use = Use(None, (type(scopes),)) if isinstance(scopes, StillmineError) else decided(choice, scopes)
    way = WayInUse(listing, asks, decided_use, policy.counts)
    return Source(policy, way, asks_regions, store.values_of)


def _scopes(settings: ExchangeSettings, surroundings: Surroundings) -> list[str] | StillmineError:
    """Return what the key may do, or the error of why nobody knows."""
    with Exchange(settings, surroundings.transport) as exchange:
        try:
            return exchange.status().scopes
        except StillmineError as error:
            return error
