# SPDX-License-Identifier: Apache-2.0
"""Requests to the exchange, made of the queries of many uploads: while one is under way, what arrives waits and goes with the next.

Nothing waits for a clock. A lane has connections of its own, so that pictures never wait for films; and of all films that wait the first
request goes before the second of any, so that a short one never waits for all of a long one. What failed fails for every upload that was
in the request or waits; the gate says when one is tried again. Must never put a query into a log or an error.
"""

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol

from stillmine.client.weight import Weight
from stillmine.partner.asking.gate import Gate, is_perhaps_of_one
from stillmine.partner.asking.queries import PHOTOGRAPH_QUERIES
from stillmine.partner.screening.way import Heard
from stillmine.serving.sparing_log import SparingLog
from stillmine.wire.ask import Answer, AskQuery
from stillmine.wire.ask_errors import QuotaUsedUpError
from stillmine.wire.door_errors import BusyError
from stillmine.wire.errors import (
    FingerprintMalformedError,
    KindNotAcceptedError,
    MalformedMessageError,
    MessageTooLargeError,
    StillmineError,
)

log = logging.getLogger("stillmine.partner")

REFUSED_AS_THEY_ARE = (FingerprintMalformedError, KindNotAcceptedError, MalformedMessageError, MessageTooLargeError)
"""No later try changes these."""

OVERTAKING_UPLOADS = 32
"""So many of those that come later go before the next part of an upload: all that wait at once, and no stream of new ones without end."""


class AnswersAsks(Protocol):
    """The part of an exchange's client that a lane uses, from several threads at once."""

    def ask(self, queries: Sequence[AskQuery]) -> list[Answer]: ...


class Answered(NamedTuple):
    """The answers to the queries of one job, when they came, and which second that was by the lane's clock."""

    answers: list[Answer]
    moment: datetime
    second: float


@dataclass(slots=True, order=True)
class _Job:
    """`place`: in which order they go; of one place the first that came."""

    place: int
    number: int
    queries: Sequence[AskQuery] = field(compare=False)
    weight: Weight = field(compare=False)
    answered: "Future[Answered]" = field(default_factory=Future, compare=False)


class Lane:
    """Sends what is handed to it, over so many connections at once. Safe to use from several threads."""

    def __init__(
        self,
        name: str,
        exchange: AnswersAsks,
        connections: int,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` returns UTC; `monotonic` counts seconds."""
        self._exchange = exchange
        self._clock = clock
        self._monotonic = monotonic
        self._log = SparingLog(log, monotonic)
        self._changed = threading.Condition()
        # Guarded by the condition.
        self._gate = Gate(monotonic, clock)
        self._waiting: list[_Job] = []
        self._numbers = itertools.count()
        self._uploads = 0
        self._is_closed = False
        self._heard: Heard | None = None
        self._threads = [threading.Thread(target=self._run, name=f"ask-{name}-{number}", daemon=True) for number in range(connections)]

    def start(self) -> None:
        """Start sending."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Send nothing more; what waits fails, and a request under way is left to end by itself."""
        with self._changed:
            self._is_closed = True
            self._fail_waiting(BusyError())
            self._changed.notify_all()

    @property
    def is_closed(self) -> bool:
        """Whether nothing is sent any more."""
        with self._changed:
            return self._is_closed

    @property
    def heard(self) -> Heard | None:
        """When the exchange answered last."""
        with self._changed:
            return self._heard

    @property
    def problem(self) -> str | None:
        """The error code of why nothing is asked, None while asks are answered, or the next one is tried at once."""
        with self._changed:
            return None if self._gate.problem is None or self._gate.is_open else self._gate.problem.code

    def seconds_left(self) -> int:
        """Return in how many seconds it is worth to send an upload again that failed."""
        with self._changed:
            return self._gate.seconds_left()

    def try_soon(self) -> None:
        """Say that the exchange may answer again."""
        with self._changed:
            self._gate.try_soon()
            self._changed.notify_all()

    def hand_over(self, queries: Sequence[AskQuery], weight: Weight, turn: int = 0) -> "Future[Answered]":
        """Take queries that fit one request, as part `turn` of their upload.

        The future has their answers, or raises the StillmineError of why there are none.
        """
        with self._changed:
            if self._is_closed:
                raise BusyError
            self._uploads += 1 if turn == 0 else 0
            job = _Job(self._uploads + turn * OVERTAKING_UPLOADS, next(self._numbers), queries, weight)
            if not self._gate.is_open and self._gate.problem is not None:
                job.answered.set_exception(self._gate.problem)
            else:
                heapq.heappush(self._waiting, job)
                self._changed.notify()
        return job.answered

    def _run(self) -> None:
        while True:
            jobs = self._next_jobs()
            if jobs is None:
                return
            self._send(jobs)

    def _next_jobs(self) -> list[_Job] | None:
        """Wait for jobs, as many as fit one request; None at the end."""
        with self._changed:
            while True:
                self._changed.wait_for(lambda: self._is_closed or (self._waiting and self._gate.is_open))
                if self._is_closed:
                    return None
                jobs: list[_Job] = []
                weight = Weight()
                while self._waiting and (together := weight.plus(self._waiting[0].weight)).fits:
                    job = heapq.heappop(self._waiting)
                    # An upload that was given up meanwhile costs no query.
                    if job.answered.set_running_or_notify_cancel():
                        jobs.append(job)
                        weight = together
                if jobs:
                    self._gate.pass_through()
                    return jobs

    def _send(self, jobs: Sequence[_Job]) -> None:
        queries = [query for job in jobs for query in job.queries]
        try:
            answers = self._exchange.ask(queries)
        except REFUSED_AS_THEY_ARE as error:
            self._refused(jobs, error)
        except QuotaUsedUpError as error:
            self._over_quota(jobs, error)
        except StillmineError as error:
            if is_perhaps_of_one(error):
                self._broke(jobs, error)
            else:
                self._fail(jobs, error)
        except Exception as error:
            # No traceback and no message: they could hold what was asked.
            self._log.say(f"asking failed: {type(error).__name__}")
            self._fail(jobs, StillmineError())
        else:
            self._deliver(jobs, answers)

    def _deliver(self, jobs: Sequence[_Job], answers: Sequence[Answer]) -> None:
        moment, second = self._clock().replace(microsecond=0), self._monotonic()
        with self._changed:
            if self._gate.problem is not None:
                log.info("the exchange answers asks again")
            self._gate.answered()
            self._heard = Heard(second, moment)
            self._changed.notify_all()
        start = 0
        for job in jobs:
            end = start + len(job.queries)
            job.answered.set_result(Answered(list(answers[start:end]), moment, second))
            start = end

    def _refused(self, jobs: Sequence[_Job], error: StillmineError) -> None:
        """Find the upload of which the exchange will not read something: it must cost no other its answer."""
        self._log.say(f"the exchange refused queries: {error.code}")
        self._open_gate()
        if len(jobs) == 1:
            jobs[0].answered.set_exception(error)
        else:
            self._send_in_halves(jobs)

    def _over_quota(self, jobs: Sequence[_Job], error: StillmineError) -> None:
        """What is left of a day may be too little for all of them, or for a large one, and enough for others."""
        if len(jobs) > 1:
            self._send_in_halves(sorted(jobs, key=lambda job: job.weight.queries))
        elif jobs[0].weight.queries > PHOTOGRAPH_QUERIES:
            self._open_gate()
            jobs[0].answered.set_exception(error)
        else:
            self._fail(jobs, error)

    def _broke(self, jobs: Sequence[_Job], error: StillmineError) -> None:
        """One upload may have broken the exchange, or something before it that reads requests, and others are answered."""
        with self._changed:
            is_borne = len(jobs) == 1 and self._gate.bears_failure()
        if len(jobs) > 1:
            self._send_in_halves(jobs)
        elif is_borne:
            jobs[0].answered.set_exception(error)
        else:
            self._fail(jobs, error)

    def _open_gate(self) -> None:
        with self._changed:
            self._gate.answered()
            self._changed.notify_all()

    def _send_in_halves(self, jobs: Sequence[_Job]) -> None:
        """Send one half, then the other, unless the exchange stopped to answer meanwhile, or had no room for the last of the first."""
        middle = len(jobs) // 2
        self._send(jobs[:middle])
        last = jobs[middle - 1].answered.exception()
        with self._changed:
            problem = last if isinstance(last, QuotaUsedUpError) else self._gate.problem
        if problem is None:
            self._send(jobs[middle:])
        else:
            for job in jobs[middle:]:
                job.answered.set_exception(problem)

    def _fail(self, jobs: Sequence[_Job], error: StillmineError) -> None:
        with self._changed:
            if self._gate.problem is None or self._gate.problem.code != error.code:
                log.error("the exchange can't be asked: %s [%s]", error, error.code)
            self._gate.failed(error)
            self._fail_waiting(error)
        for job in jobs:
            job.answered.set_exception(error)

    def _fail_waiting(self, error: StillmineError) -> None:
        while self._waiting:
            job = self._waiting.pop()
            if job.answered.set_running_or_notify_cancel():
                job.answered.set_exception(error)
