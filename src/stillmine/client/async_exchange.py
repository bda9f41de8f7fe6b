# SPDX-License-Identifier: Apache-2.0
"""One exchange as one partner sees it, for asyncio. It says and keeps to the same as `Exchange`, whose docstrings hold here too."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self, TypeVar

import httpx

from stillmine.client import calls
from stillmine.client.asking import Plan
from stillmine.client.async_transport import AsyncTransport
from stillmine.client.calls import Call, DatedStatus, HttpAnswer
from stillmine.client.http import BROKEN_CONNECTION, KEY_REFUSED, Collected, Requests, failures_named
from stillmine.client.regions import RegionsFound, Rounds
from stillmine.client.settings import ExchangeSettings
from stillmine.client.time_limits import TimeLimits
from stillmine.wire.ask import Answer, AskQuery, ExchangeStatus
from stillmine.wire.ask_regions import RegionsAsk
from stillmine.wire.errors import ExchangeUnreachableError, NotFoundError
from stillmine.wire.feed import FeedPage
from stillmine.wire.feedback import Feedback, FeedbackReceipt
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.snapshot import FeedSnapshotDamagedError, SnapshotBlock, SnapshotHead, SnapshotParser
from stillmine.wire.submission import SubmissionReceipt, WithdrawalReceipt
from stillmine.wire.vote import Vote

Result = TypeVar("Result")


class AsyncExchange:
    """One exchange. Any number of tasks of one event loop may use it at once, and no other loop or thread.

    Every method raises the StillmineError of the exchange's refusal, ExchangeUnreachableError or ExchangeAnswerError. Where one is
    cancelled its connection is closed, and nobody knows whether the exchange took it.
    """

    def __init__(
        self, settings: ExchangeSettings, transport: httpx.AsyncBaseTransport | None = None, limits: TimeLimits | None = None
    ) -> None:
        """`transport` replaces the network in tests."""
        self._limits = limits or TimeLimits()
        self._requests = Requests(settings, self._limits)
        self._transport = transport or AsyncTransport(settings)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def status(self) -> ExchangeStatus:
        """Return how the exchange stands, what this key may do, and what is left of the day."""
        return await self._answered(calls.status())

    async def dated_status(self) -> DatedStatus:
        """Return the same, and what the exchange's clock said."""
        return await self._answered(calls.dated_status())

    async def ask(self, queries: Sequence[AskQuery]) -> list[Answer]:
        """Return one answer for each query, in their order."""
        plan = Plan(queries)
        return plan.answers([await self._answered(call) for call in plan.calls])

    async def ask_regions(
        self, ask: RegionsAsk, hashes_at: Callable[[bytes], Awaitable[bytes]], seconds: float | None = None
    ) -> RegionsFound:
        """Return what the exchange found by the regions of one upload; `hashes_at` returns the hashes at places, all within `seconds`."""
        rounds = Rounds(ask)
        until = asyncio.get_running_loop().time() + (self._limits.answer_seconds if seconds is None else seconds)
        answer = await self._answered(rounds.first, until)
        while (frames := rounds.take(answer)) is not None:
            hashes = await hashes_at(frames)
            answer = await self._answered(rounds.look(answer, hashes), until)
        return rounds.end()

    async def feed_page(self, cursor: str | None = None) -> FeedPage:
        """Return the page after `cursor`, or the first one."""
        return await self._answered(calls.feed_page(cursor))

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator["AsyncSnapshotReader | None"]:
        """Open the snapshot of everything active, None where the exchange has none to give; read it before leaving the context."""
        call = calls.snapshot()
        async with _within(self._limits.snapshot_seconds), self._response(call) as response:
            if response.is_success:
                yield await AsyncSnapshotReader.begun(response.aiter_raw())
            elif response.status_code == NotFoundError.status:
                yield None
            else:
                call.result(await self._read(call, response))

    async def acknowledge(self, cursor: str) -> None:
        """Tell the exchange that everything up to `cursor` is applied here."""
        await self._answered(calls.acknowledge(cursor))

    async def acknowledge_erased(self) -> None:
        """Tell the exchange, which gives the list no longer, that nothing of it is left here."""
        await self._answered(calls.acknowledge_erased())

    async def submit_feedback(self, feedback: list[Feedback]) -> FeedbackReceipt:
        """Hand over 1 to 1,000 reports."""
        return await self._answered(calls.submit_feedback(feedback))

    async def submit_votes(self, votes: list[Vote]) -> FeedbackReceipt:
        """Hand over 1 to 1,000 votes."""
        return await self._answered(calls.submit_votes(votes))

    async def submit(self, fingerprints: list[Fingerprint]) -> SubmissionReceipt:
        """Hand in 1 to 1,000 fingerprints that you decided to stop. Never repeated."""
        return await self._answered(calls.submit(fingerprints))

    async def take_back(self, fingerprint_ids: list[str]) -> WithdrawalReceipt:
        """Take back 1 to 1,000 of what you handed in. Never repeated."""
        return await self._answered(calls.take_back(fingerprint_ids))

    async def _answered(self, call: Call[Result], until: float = math.inf) -> Result:
        """`until`: by the loop's clock, where that is sooner than one answer may come."""
        key = self._requests.key
        async with _within(min(self._limits.answer_seconds, until - asyncio.get_running_loop().time())):
            try:
                return await self._answered_once(call)
            except KEY_REFUSED:
                if not self._requests.has_newer_key(key):
                    raise
            return await self._answered_once(call)

    async def _answered_once(self, call: Call[Result]) -> Result:
        try:
            answer = await self._sent(call)
        except BROKEN_CONNECTION:
            if not call.is_repeatable:
                raise
            answer = await self._sent(call)
        return call.result(answer)

    async def _sent(self, call: Call[Result]) -> HttpAnswer:
        async with self._response(call) as response:
            return await self._read(call, response)

    @asynccontextmanager
    async def _response(self, call: Call[Result]) -> AsyncIterator[httpx.Response]:
        response = await self._transport.handle_async_request(self._requests.of(call))
        try:
            yield response
        finally:
            await response.aclose()

    async def _read(self, call: Call[Result], response: httpx.Response) -> HttpAnswer:
        collected = Collected(call.maximum_answer_bytes)
        async for part in response.aiter_raw():
            collected.take(part)
        return HttpAnswer(response.status_code, response.headers, collected.data())


class AsyncSnapshotReader:
    """Reads one snapshot as it comes; raises what SnapshotParser does."""

    def __init__(self, parts: AsyncIterator[bytes], parser: SnapshotParser, head: SnapshotHead) -> None:
        self._parts = parts
        self._parser = parser
        self.head = head

    @classmethod
    async def begun(cls, parts: AsyncIterator[bytes]) -> Self:
        """Read the beginning."""
        parser = SnapshotParser()
        head = await _next(parser, parts)
        if not isinstance(head, SnapshotHead):
            raise FeedSnapshotDamagedError("head")
        return cls(parts, parser, head)

    async def blocks(self) -> AsyncIterator[SnapshotBlock]:
        """Yield each block once it is known to be whole; after the last one the stream was complete."""
        while isinstance(block := await _next(self._parser, self._parts), SnapshotBlock):
            yield block


@asynccontextmanager
async def _within(seconds: float) -> AsyncIterator[None]:
    """Give up when it takes longer, and turn whatever the network does into ExchangeUnreachableError."""
    limit = asyncio.timeout(seconds)
    try:
        with failures_named():
            async with limit:
                yield
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise ExchangeUnreachableError(type(error).__name__) from None


async def _next(parser: SnapshotParser, parts: AsyncIterator[bytes]) -> SnapshotHead | SnapshotBlock | None:
    """Return what is whole, None at the end."""
    while (step := parser.next()) is None:
        part = await anext(parts, None)
        if part is None:
            parser.end()
            break
        parser.give(part)
    return step
