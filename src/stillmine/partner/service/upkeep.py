# SPDX-License-Identifier: Apache-2.0
"""What a running service does now and then: it forgets matches that were decided long ago.

What waits for a decision is never forgotten, unless it is known to be withdrawn: a held upload would be lost with it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime

from starlette.concurrency import run_in_threadpool

from stillmine.partner.ground.errors import StoreUnreadableError
from stillmine.partner.store.store import Store

log = logging.getLogger("stillmine.partner")

KEPT_DAYS = 365
"""Matches, unless the operator of the service says otherwise."""

EVERY_SECONDS = 3600.0
_MINUTES_A_DAY = 24 * 60


class Upkeep:
    """The upkeep of one store."""

    def __init__(self, store: Store, clock: Callable[[], datetime], kept_days: int = KEPT_DAYS) -> None:
        self._store = store
        self._clock = clock
        self._kept_minutes = kept_days * _MINUTES_A_DAY

    def run(self) -> int:
        """Forget what is old; returns how many uploads. A store that can't be written keeps them until the next time."""
        forgotten = 0
        while some := self._forget_some():
            forgotten += some
        return forgotten

    def _forget_some(self) -> int:
        before = int(self._clock().timestamp()) // 60 - self._kept_minutes
        with suppress(StoreUnreadableError):
            return self._store.forget_matches(before)
        return 0

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """Run it at once and every hour until the end."""
        task = asyncio.create_task(self._go_on())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _go_on(self) -> None:
        while True:
            forgotten = 0
            while some := await run_in_threadpool(self._forget_some):  # a stop waits for some, not for all
                forgotten += some
            if forgotten:
                log.info("forgot the matches of %s uploads that were decided long ago", forgotten)
            await asyncio.sleep(EVERY_SECONDS)
