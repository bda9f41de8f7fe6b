# SPDX-License-Identifier: Apache-2.0
"""What a running service does now and then: it forgets matches that were decided long ago, and keeps what it counted.

What waits for a decision is never forgotten, unless it is known to be withdrawn: a held upload would be lost with it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime

from starlette.concurrency import run_in_threadpool

from stillmine.partner.ground.errors import StoreUnreadableError
from stillmine.partner.instances.copies import Copies
from stillmine.partner.screening.recurring import RecurringRegions
from stillmine.partner.store.store import Store

log = logging.getLogger("stillmine.partner")

KEPT_DAYS = 365
"""Matches, unless the operator of the service says otherwise."""

EVERY_SECONDS = 3600.0
RECORD_EVERY_SECONDS = 15.0
"""What matched while the store took nothing."""
_MINUTES_A_DAY = 24 * 60


class Upkeep:
    """The upkeep of one store."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], datetime],
        kept_days: int = KEPT_DAYS,
        recurring: RecurringRegions | None = None,
        record_waiting: Callable[[], object] = lambda: None,
        *,
        copies: Copies | None = None,
    ) -> None:
        """`clock` returns UTC; `record_waiting` records what matched while the store took nothing.

        `copies` are those of the list, of which one is kept for the next start.
        """
        self._copies = copies
        self._store = store
        self._recurring = recurring
        self._record_waiting = record_waiting
        self._clock = clock
        self._kept_minutes = kept_days * _MINUTES_A_DAY

    def run(self) -> int:
        """Forget what is old; returns how many uploads. A store that can't be written keeps them until the next time."""
        forgotten = 0
        while some := self._forget_some():
            forgotten += some
        return forgotten

    def keep_recurring(self) -> None:
        """Keep which regions recur; where the store takes no more, what was counted meanwhile is lost."""
        counters = None if self._recurring is None else self._recurring.table()
        if counters is not None:
            with suppress(StoreUnreadableError):
                self._store.keep_recurring(counters)

    def copy_list(self) -> None:
        """Copy the list for the next start, unless it is copied; where that does not work, the next start takes longer."""
        with suppress(StoreUnreadableError):
            if self._copies is not None:
                self._copies.on_disk.write()

    def _forget_some(self) -> int:
        before = int(self._clock().timestamp()) // 60 - self._kept_minutes
        with suppress(StoreUnreadableError):
            return self._store.forget_matches(before)
        return 0

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """Run it at once and every hour until the end."""
        tasks = [asyncio.create_task(work) for work in (self._go_on(), self._try_to_record())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            self._record_waiting()
            self.keep_recurring()
            await run_in_threadpool(self.copy_list)

    async def _try_to_record(self) -> None:
        while True:
            await asyncio.sleep(RECORD_EVERY_SECONDS)
            await run_in_threadpool(self._record_waiting)

    async def _go_on(self) -> None:
        while True:
            forgotten = 0
            while some := await run_in_threadpool(self._forget_some):  # a stop waits for some, not for all
                forgotten += some
            if forgotten:
                log.info("forgot the matches of %s uploads that were decided long ago", forgotten)
            await run_in_threadpool(self.keep_recurring)
            await run_in_threadpool(self.copy_list)
            await asyncio.sleep(EVERY_SECONDS)
