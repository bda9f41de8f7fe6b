# SPDX-License-Identifier: Apache-2.0
"""Uploads that are answered later: accepted first, screened in turn, and the answer kept. Contract: spec/screen.md, "An answer later".

Used on one event loop. Must never be the reason why an upload that is answered at once waits: turns, threads and room are its own.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from types import TracebackType
from typing import Any, Protocol, Self

from starlette.concurrency import run_in_threadpool

from stillmine.partner.ground.errors import ScreeningInterruptedError, StoreUnreadableError
from stillmine.partner.store.screenings import not_screened
from stillmine.serving.sparing_log import SparingLog
from stillmine.wire.door_errors import BusyError
from stillmine.wire.errors import StillmineError
from stillmine.wire.screen import KeptScreening, ScreenResult

UPLOADS_AT_ONCE = 256
BYTES_AT_ONCE = 4 * 1024**3
"""That are received, wait or are screened; beyond either a request is refused as busy."""

BUSY_SECONDS, BUSY_FOR_SECONDS = 1.0, 600.0
"""Where workers are busy with uploads that are answered at once: how long until the next try, and how long it is tried."""

STORE_SECONDS = 15.0
"""Until the store is tried again that did not take an answer."""

FORGET_EVERY_SECONDS = 3600.0
STOP_SECONDS = 5.0
"""How long a stop waits for what was being screened: its worker is gone by then."""

ID_BYTES = 16

Work = Callable[[], Awaitable[ScreenResult]]

log = logging.getLogger("stillmine.partner")


class Seat:
    """One upload: what it holds of the room. Give it back, or use it in a `with`."""

    def __init__(self, later: "Later") -> None:
        self._later = later
        self._bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None) -> None:
        self._later.give_back(self._bytes)

    async def hold(self, size: int) -> None:
        """Hold so much more; raises BusyError."""
        self._later.take_bytes(size)
        self._bytes += size


class KeepsScreenings(Protocol):
    """Where answers that come later are kept; each method raises StoreUnreadableError."""

    def close(self) -> None: ...

    def accept(self, screening_id: bytes, content_id: str | None, minute: int, /) -> KeptScreening: ...

    def finish(self, screening_id: bytes, result: ScreenResult, minute: int, /) -> None: ...

    def interrupt(self, minute: int, /) -> int: ...

    def forget(self, minute: int, /) -> None: ...

    def one(self, screening_id: bytes, /) -> KeptScreening: ...


class Later:
    """What one service answers later."""

    def __init__(self, kept: KeepsScreenings, turns: int, clock: Callable[[], datetime], random_bytes: Callable[[int], bytes]) -> None:
        """`turns`: how many are screened at once; `clock` returns UTC."""
        self._kept = kept
        self._clock = clock
        self._random_bytes = random_bytes
        self._turns = asyncio.Semaphore(turns)
        self._pool = ThreadPoolExecutor(turns, thread_name_prefix="later")
        self._log = SparingLog(log)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._screening: set[asyncio.Future[ScreenResult]] = set()
        self._seats_left, self._bytes_left = UPLOADS_AT_ONCE, BYTES_AT_ONCE
        self._is_stopping = False
        self._is_owing = False

    @property
    def waiting(self) -> int:
        """How many uploads are received for an answer that comes later, wait for it or are screened."""
        return UPLOADS_AT_ONCE - self._seats_left

    def seat(self) -> Seat:
        """Take room for one more upload; raises BusyError."""
        if self._is_stopping or not self._seats_left:
            raise BusyError
        self._seats_left -= 1
        return Seat(self)

    def take_bytes(self, size: int) -> None:
        """Count so much more; raises BusyError."""
        if size > self._bytes_left:
            raise BusyError
        self._bytes_left -= size

    def give_back(self, size: int) -> None:
        """Let go of a seat and what it held."""
        self._seats_left += 1
        self._bytes_left += size

    async def answer(self, work: Work, content_id: str | None, wait_seconds: float) -> ScreenResult | KeptScreening:
        """Begin `work`, and return its result if it comes in time, else what was accepted; `work` gives back what it holds itself.

        Where the store does not take it, or has not yet taken what was owed before this start, nothing is promised: the answer waits for
        the result.
        """
        task: asyncio.Task[ScreenResult] = self._begun(self._done(work, content_id))
        if wait_seconds > 0:
            await asyncio.wait({task}, timeout=wait_seconds)
        if task.done():
            return task.result()
        if self._is_owing:
            return await asyncio.shield(task)
        screening_id = self._random_bytes(ID_BYTES)
        try:
            accepted = await run_in_threadpool(self._kept.accept, screening_id, content_id, self._minute())
        except StoreUnreadableError:
            return await asyncio.shield(task)
        self._begun(self._kept_when_done(task, screening_id))
        return accepted

    async def in_turn(self, screen: Callable[[], ScreenResult]) -> ScreenResult:
        """Screen in a thread when there is a turn, and again while workers are busy; raises BusyError where they are for too long."""
        async with self._turns:
            until = time.monotonic() + BUSY_FOR_SECONDS
            while not self._is_stopping:
                try:
                    return await self._in_thread(screen)
                except BusyError:
                    if time.monotonic() >= until:
                        raise
                    await asyncio.sleep(BUSY_SECONDS)
        raise ScreeningInterruptedError

    async def _in_thread(self, screen: Callable[[], ScreenResult]) -> ScreenResult:
        screening = asyncio.get_running_loop().run_in_executor(self._pool, screen)
        self._screening.add(screening)
        screening.add_done_callback(self._screening.discard)
        return await screening

    async def one(self, screening_id: bytes) -> KeptScreening:
        """Return how one stands; raises ScreeningNotFoundError, StoreUnreadableError."""
        return await run_in_threadpool(self._kept.one, screening_id)

    def take_no_more(self) -> None:
        """Accept nothing, and keep no answer from now on: whatever still comes is that of a service that stops."""
        self._is_stopping = True

    async def start(self) -> None:
        """Answer what was owed before this start: its uploads are gone."""
        self._is_owing = not await run_in_threadpool(self._interrupt)
        self._begun(self._answer_owed())
        self._begun(self._forget())

    async def stop(self) -> None:
        """Answer what is owed; call it after `take_no_more`, once no worker has an upload any more."""
        if self._screening:
            await asyncio.wait(self._screening, timeout=STOP_SECONDS)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._pool.shutdown(wait=False)
        await run_in_threadpool(self._interrupt)
        self._kept.close()

    def _begun(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _done(self, work: Work, content_id: str | None) -> ScreenResult:
        """Return the result, or with a code why there is none."""
        try:
            return await work()
        except StillmineError as error:
            return not_screened(error.code, content_id, error.retry_after_seconds)
        except Exception as error:
            # No traceback and no message: they can hold parts of the upload.
            self._log.say(f"answering later failed: {type(error).__name__}")
            return not_screened(StillmineError.code, content_id)

    async def _kept_when_done(self, task: asyncio.Task[ScreenResult], screening_id: bytes) -> None:
        result = await task
        while not self._is_stopping:
            try:
                await run_in_threadpool(self._kept.finish, screening_id, result, self._minute())
            except StoreUnreadableError:
                self._log.say("an answer that came later waits for the store")
                await asyncio.sleep(STORE_SECONDS)
            else:
                return

    async def _answer_owed(self) -> None:
        while self._is_owing and not self._is_stopping:
            await asyncio.sleep(STORE_SECONDS)
            self._is_owing = not await run_in_threadpool(self._interrupt)

    async def _forget(self) -> None:
        while not self._is_stopping:
            try:
                await run_in_threadpool(self._kept.forget, self._minute())
            except StoreUnreadableError:
                self._log.say("answers that came later could not be forgotten")
            await asyncio.sleep(FORGET_EVERY_SECONDS)

    def _interrupt(self) -> bool:
        """Answer all that is owed; returns whether the store took it. One that takes nothing at a stop is told at the next start."""
        try:
            if number := self._kept.interrupt(self._minute()):
                log.warning("%d uploads that were accepted are not screened: the service was stopped", number)
        except StoreUnreadableError:
            self._log.say("which uploads were interrupted could not be kept")
            return False
        return True

    def _minute(self) -> int:
        return int(self._clock().timestamp()) // 60
