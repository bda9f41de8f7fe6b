# SPDX-License-Identifier: Apache-2.0
"""Record what reviewers decided once it can't be undone any more.

Runs with or without the review page: what was held when the service stopped is a decision. A failure is tried again, and must never end it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime

from starlette.concurrency import run_in_threadpool

from stillmine.partner.ground.errors import StoreUnreadableError
from stillmine.partner.store.desk import Desk
from stillmine.serving.sparing_log import SparingLog

EVERY_SECONDS = 1.0

log = logging.getLogger("stillmine.partner")


class HeldReviews:
    """The decisions that one desk holds."""

    def __init__(self, desk: Desk, clock: Callable[[], datetime], feedback_is_waiting: Callable[[], None]) -> None:
        """`clock` returns UTC."""
        self.desk = desk
        self._clock = clock
        self._feedback_is_waiting = feedback_is_waiting
        self._log = SparingLog(log)

    def close(self) -> None:
        """Let go of the desk."""
        self.desk.close()

    def record(self) -> None:
        """Record what is due; a store that takes nothing keeps it until the next time."""
        try:
            if self.desk.record_due(int(self._clock().timestamp())):
                self._feedback_is_waiting()
        except StoreUnreadableError as error:
            self._log.say(f"decisions of reviewers could not be recorded yet [{error.code}]")

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """Record until the end."""
        task = asyncio.create_task(self._go_on())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _go_on(self) -> None:
        while True:
            await run_in_threadpool(self.record)
            await asyncio.sleep(EVERY_SECONDS)
