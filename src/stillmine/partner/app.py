# SPDX-License-Identifier: Apache-2.0
"""Where a partner is put together: the only place with a real clock and real randomness.

Everything else gets them as parameters. Nothing here decides anything.
"""

import logging
import secrets
import threading
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
from stillmine.matching.every_kind import MATCHED_KINDS
from stillmine.partner.background import SyncThread
from stillmine.partner.decoder import Decoder, default_threads
from stillmine.partner.home import service_key, upload_token_key
from stillmine.partner.listing.index import loaded_index
from stillmine.partner.listing.look_up import ListWay
from stillmine.partner.listing.sync import Sync
from stillmine.partner.screening import Screening
from stillmine.partner.service import Service
from stillmine.partner.store import Store
from stillmine.partner.upload_tokens import UploadTokens

log = logging.getLogger("stillmine.partner")

DEFAULT_THREADS = default_threads()
"""Pictures decoded at once; how many of others, and how much memory that may take, is in decoder.py."""


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the outside world gives: time, randomness, and the network where tests replace it."""

    clock: Callable[[], datetime] = utc_now
    random_bytes: Callable[[int], bytes] = secrets.token_bytes
    transport: httpx.BaseTransport | None = None


REAL = Surroundings()


@contextmanager
def opened_sync(home: Path, settings: ExchangeSettings, surroundings: Surroundings = REAL) -> Iterator[tuple[Sync, Store]]:
    """Open what one sync from the command line needs; it has no index to keep in step."""
    store = Store(home)
    try:
        store.bind_exchange(settings.url)
        store.match_kinds(MATCHED_KINDS)
        client = Exchange(settings, surroundings.transport)
        try:
            yield Sync(client, store, lambda _changes: None, surroundings.clock), store
        finally:
            client.close()
    finally:
        store.close()


@contextmanager
def opened_screening(home: Path, threads: int, surroundings: Surroundings = REAL, *, needs_sandbox: bool = False) -> Iterator[Screening]:
    """Open what screening files from the command line needs; raises NotConfiguredError where a sandbox is wanted and there is none."""
    tokens = UploadTokens(upload_token_key(home, surroundings.random_bytes), surroundings.clock)
    store, decoder = Store(home), Decoder(threads, needs_sandbox=needs_sandbox)
    way = ListWay(store, loaded_index(store), threads=threads)
    screening = Screening(store, way, decoder, tokens, clock=surroundings.clock)
    try:
        decoder.start()
        decoder.check_sandbox()
        yield screening
    finally:
        screening.close()
        decoder.close()
        store.close()


def build_service(
    home: Path,
    settings: ExchangeSettings,
    sync_every_seconds: float,
    threads: int = DEFAULT_THREADS,
    surroundings: Surroundings = REAL,
    *,
    needs_sandbox: bool = False,
) -> Starlette:
    """Put the service together; its sync thread lives as long as the application's lifespan, and the store is closed with it."""
    key = service_key(home, surroundings.random_bytes)
    tokens = UploadTokens(upload_token_key(home, surroundings.random_bytes), surroundings.clock)
    store = Store(home)
    store.bind_exchange(settings.url)
    store.match_kinds(MATCHED_KINDS)
    index = loaded_index(store)
    stopping = threading.Event()
    client = Exchange(settings, surroundings.transport)
    sync = Sync(client, store, index.follow, surroundings.clock, must_stop=stopping.is_set)
    thread = SyncThread(sync, stopping, sync_every_seconds)
    decoder = Decoder(threads, needs_sandbox=needs_sandbox)
    screening = Screening(
        store,
        ListWay(store, index, threads=threads),
        decoder,
        tokens,
        clock=surroundings.clock,
        feedback_is_waiting=thread.wake,
    )

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        try:
            decoder.start()
            if not await run_in_threadpool(decoder.check_sandbox):
                log.info("workers are shut in: no file, no network, no other process")
            thread.start()
            yield
        finally:
            screening.close()
            decoder.close()
            if thread.stop():
                client.close()
                store.close()

    service = Service(
        screening=screening,
        store=store,
        home=home,
        key=key,
        clock=surroundings.clock,
        random_bytes=surroundings.random_bytes,
        feedback_is_waiting=thread.wake,
        problem=lambda: thread.problem,
        lifespan=lifespan,
    )
    return service.app()
