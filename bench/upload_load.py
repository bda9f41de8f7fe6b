# SPDX-License-Identifier: Apache-2.0
"""Photographs sent to several services by clients side by side, in turn, and how long each answer took.

No service is sent a photograph twice unless that is what is measured. Must never leave out an answer because it is late or wrong.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import numpy as np
from clients import NothingLeftError, side_by_side
from partner_services import Target
from processes import Running

ROUNDS = 2
"""Each service gets its turn in each, the other way round in the second, so that a busy moment of the machine meets all."""


@dataclass
class Cell:
    """What one service was measured to do with photographs of one size and a number of clients."""

    milliseconds: list[float] = field(default_factory=list)
    seconds: float = 0
    faults: Counter[str] = field(default_factory=Counter)
    service_seconds: float = 0
    """Processor time of the service and its workers."""
    exchange_seconds: float = 0
    """Processor time of the exchange meanwhile."""
    queries: int = 0
    """That the exchange counted meanwhile."""

    @property
    def rate(self) -> float:
        """Answers a second, the wrong ones left out."""
        return (len(self.milliseconds) - self.faults.total()) / self.seconds

    def percentiles(self) -> tuple[float, float]:
        """Return p50 and p99, in milliseconds."""
        p50, p99 = np.percentile(self.milliseconds, [50, 99])
        return float(p50), float(p99)

    def faults_in_words(self) -> str:
        """Return how many answers were wrong, and how."""
        return ", ".join(f"{count} {fault}" for fault, count in self.faults.most_common()) or "none"


class Sender:
    """Sends each of some bodies once, whichever client is free."""

    def __init__(self, target: Target, bodies: Sequence[bytes]) -> None:
        self._target = target
        self._bodies = bodies
        self._numbers = itertools.count()
        self.faults: Counter[str] = Counter()

    def send_next(self, connection: HTTPConnection) -> bool:
        """Send one and look at the answer; raises NothingLeftError."""
        number = next(self._numbers)
        if number >= len(self._bodies):
            raise NothingLeftError
        fault = self._sent(connection, self._bodies[number])
        if fault is not None:
            self.faults[fault] += 1
        return True

    def _sent(self, connection: HTTPConnection, body: bytes) -> str | None:
        try:
            connection.request("POST", self._target.path, body, self._target.headers)
            answer = connection.getresponse()
            return self._target.fault(answer.status, answer.read())
        except (HTTPException, OSError) as error:
            connection.close()  # the next request opens it again
            return type(error).__name__


def measured(
    targets: Sequence[Target],
    exchange: Running,
    photographs: Sequence[Path],
    clients: int,
    seconds: float,
    *,
    queries_today: Callable[[], int] = lambda: 0,
) -> dict[str, Cell]:
    """Send the photographs to every target, for so many seconds at most, and return a cell for each."""
    cells = {target.name: Cell() for target in targets}
    for number in range(ROUNDS):
        part = photographs[number::ROUNDS]
        for target in targets if number % 2 == 0 else reversed(targets):
            sender = Sender(target, [target.body(path.read_bytes()) for path in part])
            cell = cells[target.name]
            cell.service_seconds -= _processor_seconds(target.served)
            cell.exchange_seconds -= exchange.processor_seconds()
            cell.queries -= queries_today()
            times, spent = side_by_side(target.url, seconds / ROUNDS, clients, sender.send_next)
            cell.service_seconds += _processor_seconds(target.served)
            cell.exchange_seconds += exchange.processor_seconds()
            cell.queries += queries_today()
            cell.milliseconds += times
            cell.seconds += spent
            cell.faults += sender.faults
    return cells


def _processor_seconds(served: Running | None) -> float:
    return 0 if served is None else served.processor_seconds()
