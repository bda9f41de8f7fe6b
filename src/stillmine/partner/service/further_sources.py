# SPDX-License-Identifier: Apache-2.0
"""The sources beside the exchange, as a running service has them: each with its store, its thread and its standing.

One that hangs or fails must hold up no other, and neither uploads that don't need it.
"""

import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol

import httpx

from stillmine.partner.following.background import FollowThread
from stillmine.partner.following.reporting import Reporting
from stillmine.partner.ground.errors import ListTooOldError, StoreUnreadableError
from stillmine.partner.ground.home import prepare_home
from stillmine.partner.listing.age import CLOCK_TOLERANCE_SECONDS, ListAge
from stillmine.partner.listing.index import loaded_index
from stillmine.partner.listing.look_up import ListWay
from stillmine.partner.screening.sources import OwnNegativeBank, Policy, Source
from stillmine.partner.service.mending import MendingRounds, mend_list
from stillmine.partner.sources.bank import BankOfNo, BankWay
from stillmine.partner.sources.bank_store import BankStore
from stillmine.partner.sources.file import SourceChoice, SourceType
from stillmine.partner.sources.stopncii import ByValue, StopNciiSync
from stillmine.partner.sources.stopncii_client import StopNciiServer, StopNciiSettings
from stillmine.partner.sources.stopncii_rounds import RefusableWay, StopNciiRounds
from stillmine.partner.store.place import PageChanges
from stillmine.partner.store.several import HeldList, SeveralStores
from stillmine.partner.store.store import Store
from stillmine.wire.errors import StillmineError
from stillmine.wire.readiness import OK
from stillmine.wire.screen import Action, SourceHealth

SOURCES_FOLDER = "sources"
FRESH_SECONDS = 180
"""Three rounds of a StopNCII server."""


class Outside(NamedTuple):
    """What the outside world gives to the sources beside the exchange, how many searches run at once, and how old a list may be."""

    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    transport: httpx.BaseTransport | None
    threads: int
    max_age_hours: int


@dataclass(frozen=True, slots=True)
class FurtherSource:
    """One of them while the service runs; `source` is None for what matches nothing itself."""

    policy: Policy
    source: Source | None
    health: Callable[[], SourceHealth]
    words: Callable[[], dict[str, str]]
    close: Callable[[], None]
    begin: Callable[[], None] = lambda: None
    thread: FollowThread | None = None

    def start(self) -> None:
        """Start what runs beside the answers."""
        self.begin()
        if self.thread is not None:
            self.thread.start()

    def wake(self) -> None:
        """Say that feedback may wait."""
        if self.thread is not None:
            self.thread.wake()

    def stop(self) -> None:
        """Stop, and let go of what was opened, unless a request is still under way."""
        if self.thread is None or self.thread.stop():
            self.close()


class MakesExchange(Protocol):
    """Makes a further exchange: what the exchange itself is made of."""

    def __call__(self, choice: SourceChoice, listed: Store, stores: "OpenedLists") -> FurtherSource: ...


class OpenedLists:
    """The stores of all further sources, opened, over one store of matches."""

    def __init__(self, home: Path, store: Store, choices: Sequence[SourceChoice]) -> None:
        """Raises NotConfiguredError, StoreUnreadableError."""
        self.store = store
        self.lists: dict[str, Store] = {}
        self.banks: dict[str, BankStore] = {}
        for choice in choices:
            folder = prepare_home(home / SOURCES_FOLDER / choice.policy.name)
            if choice.type is SourceType.BANK:
                self.banks[choice.policy.name] = BankStore(folder)
            else:
                self.lists[choice.policy.name] = Store(folder)
        held: dict[str, HeldList] = {**self.lists, **self.banks}
        self.matches = SeveralStores(store, held)

    def note_withdrawn(self, name: str) -> None:
        """Tell the matches of a source what its list holds no more; where the list is not whole, or a store is out of order, later."""
        with suppress(StoreUnreadableError):
            if name in self.banks or self.lists[name].synced_at() is not None:
                self.matches.note_not_listed(name)


class FurtherSources:
    """All of them."""

    def __init__(self, sources: Sequence[FurtherSource] = (), negative_bank: OwnNegativeBank | None = None) -> None:
        self.all = tuple(sources)
        self.negative_bank = negative_bank

    @property
    def sources(self) -> list[Source]:
        """Those in which uploads are looked up."""
        return [one.source for one in self.all if one.source is not None]

    def start(self) -> None:
        """Start what runs beside the answers."""
        for one in self.all:
            one.start()

    def wake(self, first: FollowThread) -> None:
        """Say that feedback may wait, for the exchange too."""
        first.wake()
        for one in self.all:
            one.wake()

    def stop(self) -> None:
        """Stop each."""
        for one in self.all:
            one.stop()


def opened_sources(
    choices: Sequence[SourceChoice],
    stores: OpenedLists,
    outside: Outside,
    make_exchange: MakesExchange,
) -> FurtherSources:
    """Open all further sources; raises the StillmineError of what can't be."""
    made: list[FurtherSource] = []
    negative: OwnNegativeBank | None = None
    for choice in choices:
        name = choice.policy.name
        stores.note_withdrawn(name)
        if choice.type is SourceType.BANK:
            bank = stores.banks[name]
            negative = BankOfNo(bank) if choice.policy.action is Action.NEVER else negative
            made.append(_bank(choice.policy, bank, outside))
        elif choice.server is not None:
            made.append(_server(choice.policy, choice.server, stores, outside))
        else:
            made.append(make_exchange(choice, stores.lists[name], stores))
    return FurtherSources(made, negative)


def _bank(policy: Policy, bank: BankStore, outside: Outside) -> FurtherSource:
    def health() -> SourceHealth:
        try:
            count, problem = len(bank.ids()), None
        except StoreUnreadableError as error:
            count, problem = None, error.code
        now = outside.clock().replace(microsecond=0)
        return SourceHealth(policy.name, policy.action, problem is None, now, count, 0, problem)

    def words() -> dict[str, str]:
        bank.mark()
        return {"bank": OK}

    source = None
    if policy.action is not Action.NEVER:
        source = Source(policy, BankWay(bank, outside.clock, outside.threads), None, bank.values_of)
    return FurtherSource(policy, source, health, words, bank.close)


def _server(policy: Policy, settings: StopNciiSettings, stores: OpenedLists, outside: Outside) -> FurtherSource:
    name, stop = policy.name, threading.Event()
    listed = stores.lists[name]
    listed.bind_exchange(settings.url)
    mend_list(listed)
    index, age = loaded_index(listed), ListAge(listed, outside.clock, outside.monotonic, outside.max_age_hours)

    def update(changes: PageChanges) -> None:
        index.follow(changes)
        if changes.erased:
            stores.note_withdrawn(name)

    server = StopNciiServer(settings, outside.transport, outside.monotonic)
    sync = StopNciiSync(server, listed, update, outside.clock, must_stop=stop.is_set, note_synced=age.note_synced)
    way = RefusableWay(ListWay(listed, index, threads=outside.threads, is_too_old=age.is_too_old))
    reporting = Reporting(ByValue(server, listed), stores.store, stop.is_set, name)
    rounds = MendingRounds(StopNciiRounds(sync.follow, reporting.send, way), listed, outside.monotonic)
    thread = FollowThread(rounds, stop, outside.monotonic)

    def health() -> SourceHealth:
        synced_at = listed.synced_at()
        problem = ListTooOldError.code if age.is_too_old() else thread.problem
        waiting = stores.store.waiting_for(name)
        is_fresh = way.refused is None and _is_fresh(synced_at, outside.clock())
        return SourceHealth(name, policy.action, is_fresh, synced_at, listed.counts().fingerprints, waiting, problem)

    def words() -> dict[str, str]:
        synced_at = listed.synced_at()
        if way.refused is not None:
            return {"sync": "refused"}
        return {"sync": "too_old" if age.is_too_old() else "never" if synced_at is None else OK if health().is_fresh else "late"}

    def close() -> None:
        server.close()
        listed.close()

    return FurtherSource(policy, Source(policy, way, None, listed.values_of), health, words, close, thread=thread)


def words_of(one: FurtherSource) -> dict[str, str]:
    """Return a word for each part of a source, with its name before it."""
    try:
        words = one.words()
    except (StillmineError, sqlite3.Error, OSError):
        words = {"store": "down"}
    return {f"{one.policy.name}.{part}": word for part, word in words.items()}


def _is_fresh(moment: datetime | None, now: datetime) -> bool:
    age = None if moment is None else (now - moment).total_seconds()
    return age is not None and -CLOCK_TOLERANCE_SECONDS <= age <= FRESH_SECONDS
