# SPDX-License-Identifier: Apache-2.0
"""One exchange as one partner sees it, for code that may wait.

Every answer is bounded in size and in time, because a broken or hostile exchange must not stop a platform's uploads. The partner key goes
to the configured exchange only: redirects are not followed. Nothing that was sent or received is ever put into an error or a log.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from types import TracebackType
from typing import Self, TypeVar

import httpx

from stillmine.client import calls
from stillmine.client.asking import Plan
from stillmine.client.calls import Call, DatedStatus, HttpAnswer
from stillmine.client.deadline_transport import DeadlineTransport
from stillmine.client.http import BROKEN_CONNECTION, KEY_REFUSED, Collected, Requests, failures_named
from stillmine.client.read_ahead import read_ahead
from stillmine.client.regions import RegionsFound, Rounds
from stillmine.client.settings import ExchangeSettings
from stillmine.client.time_limits import TimeLimits
from stillmine.wire.ask import Answer, AskQuery, ExchangeStatus
from stillmine.wire.ask_regions import RegionsAsk
from stillmine.wire.errors import NotFoundError
from stillmine.wire.feed import FeedPage
from stillmine.wire.feedback import Feedback, FeedbackReceipt
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.snapshot import SnapshotReader
from stillmine.wire.submission import SubmissionReceipt, WithdrawalReceipt
from stillmine.wire.vote import Vote

Result = TypeVar("Result")


class Exchange:
    """One exchange. Several threads may use it at once: each request that is under way has a connection of its own, which is kept open.

    Every method raises the StillmineError of the exchange's refusal, ExchangeUnreachableError or ExchangeAnswerError. Where the exchange
    refuses the key, the key file is read again; if another key stands there now, what was refused is sent once more, with that one.
    """

    def __init__(
        self,
        settings: ExchangeSettings,
        transport: httpx.BaseTransport | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        limits: TimeLimits | None = None,
    ) -> None:
        """`transport` replaces the network in tests; `monotonic` counts seconds."""
        self._monotonic = monotonic
        self._limits = limits or TimeLimits()
        self._requests = Requests(settings, self._limits)
        self._transport = transport or DeadlineTransport(settings, monotonic)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def status(self) -> ExchangeStatus:
        """Return how the exchange stands, what this key may do, and what is left of the day. Repeated once where the connection broke."""
        return self._answered(calls.status())

    def dated_status(self) -> DatedStatus:
        """Return the same, and what the exchange's clock said. Repeated once where the connection broke."""
        return self._answered(calls.dated_status())

    def ask(self, queries: Sequence[AskQuery]) -> list[Answer]:
        """Return one answer for each query, in their order. Repeated once where the connection broke, if all have upload tokens.

        What is more than one request may hold goes in several, one after the other, and queries of one upload token together where they
        fit. Where one fails nothing is returned; what was asked before it is counted, and may be asked again.
        """
        plan = Plan(queries)
        return plan.answers([self._answered(call) for call in plan.calls])

    def ask_regions(self, ask: RegionsAsk, hashes_at: Callable[[bytes], bytes], seconds: float | None = None) -> RegionsFound:
        """Return what the exchange found by the regions of one upload. Repeated once where the connection broke, if it has an upload token.

        `hashes_at` is called in each round with frames of 12 bytes, zeros where there is none, and returns 32 bytes for each: the hash
        there of the picture that was asked about; what it raises ends the ask. All of it may take `seconds`, hashing included, or as long
        as one answer may.
        """
        rounds = Rounds(ask)
        until = self._monotonic() + (self._limits.answer_seconds if seconds is None else seconds)
        answer = self._answered(rounds.first, until)
        while (frames := rounds.take(answer)) is not None:
            hashes = hashes_at(frames)
            answer = self._answered(rounds.look(answer, hashes), until)
        return rounds.end()

    def feed_page(self, cursor: str | None = None) -> FeedPage:
        """Return the page after `cursor`, or the first one. Repeated once where the connection broke."""
        return self._answered(calls.feed_page(cursor))

    @contextmanager
    def snapshot(self) -> Iterator[SnapshotReader | None]:
        """Open the snapshot of everything active, None where the exchange has none to give; read it before leaving the context.

        Raises what SnapshotReader does, too. Never repeated.
        """
        call, deadline = calls.snapshot(), self._monotonic() + self._limits.snapshot_seconds
        with failures_named(), closing(self._transport.handle_request(self._requests.of(call, deadline))) as response:
            if response.is_success:
                with closing(read_ahead(response.iter_raw())) as parts:
                    yield SnapshotReader(parts)
            elif response.status_code == NotFoundError.status:
                yield None
            else:
                call.result(self._read(call, response))

    def acknowledge(self, cursor: str) -> None:
        """Tell the exchange that everything up to `cursor` is applied here. Repeated once where the connection broke."""
        self._answered(calls.acknowledge(cursor))

    def acknowledge_erased(self) -> None:
        """Tell the exchange, which gives the list no longer, that nothing of it is left here. Repeated once where the connection broke."""
        self._answered(calls.acknowledge_erased())

    def submit_feedback(self, feedback: list[Feedback]) -> FeedbackReceipt:
        """Hand over 1 to 1,000 reports. Repeated once where the connection broke: a report that is known changes nothing."""
        return self._answered(calls.submit_feedback(feedback))

    def submit_votes(self, votes: list[Vote]) -> FeedbackReceipt:
        """Hand over 1 to 1,000 votes. Repeated once where the connection broke: a vote that is known changes nothing."""
        return self._answered(calls.submit_votes(votes))

    def submit(self, fingerprints: list[Fingerprint]) -> SubmissionReceipt:
        """Hand in 1 to 1,000 fingerprints that you decided to stop. Never repeated."""
        return self._answered(calls.submit(fingerprints))

    def take_back(self, fingerprint_ids: list[str]) -> WithdrawalReceipt:
        """Take back 1 to 1,000 of what you handed in. Never repeated."""
        return self._answered(calls.take_back(fingerprint_ids))

    def _answered(self, call: Call[Result], until: float = math.inf) -> Result:
        """`until`: by this client's clock, where that is sooner than one answer may come."""
        key, deadline = self._requests.key, min(until, self._monotonic() + self._limits.answer_seconds)
        try:
            return self._answered_before(deadline, call)
        except KEY_REFUSED:
            if not self._requests.has_newer_key(key):
                raise
        return self._answered_before(deadline, call)

    def _answered_before(self, deadline: float, call: Call[Result]) -> Result:
        with failures_named():
            try:
                answer = self._sent(call, deadline)
            except BROKEN_CONNECTION:
                if not call.is_repeatable:
                    raise
                answer = self._sent(call, deadline)
        return call.result(answer)

    def _sent(self, call: Call[Result], deadline: float) -> HttpAnswer:
        with closing(self._transport.handle_request(self._requests.of(call, deadline))) as response:
            return self._read(call, response)

    def _read(self, call: Call[Result], response: httpx.Response) -> HttpAnswer:
        collected = Collected(call.maximum_answer_bytes)
        for part in response.iter_raw():
            collected.take(part)
        return HttpAnswer(response.status_code, response.headers, collected.data())
