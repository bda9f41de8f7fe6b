# SPDX-License-Identifier: Apache-2.0
"""A network between everybody and the exchange that drops, duplicates and delays, and a witness of all that left the exchange.

Requests of one sender keep their order across its operations: what is late arrives while the sender tries again, never after it did
something else. Who sends is told by the key in the headers.
"""

import random
from collections.abc import Callable
from typing import Any

import httpx

Witness = Callable[[httpx.Request, httpx.Response], None]
"""Sees every request that arrived and its answer, also where the answer was lost on its way back."""


class Network(httpx.BaseTransport):
    """Carries requests into the application, or does not."""

    def __init__(self, application: Any, chance: random.Random, witness: Witness) -> None:
        self._inner = httpx.WSGITransport(application, raise_app_exceptions=True, remote_addr="203.0.113.7")
        self._chance = chance
        self._witness = witness
        self._late: list[httpx.Request] = []
        self.is_quiet = False
        self.posts = 0
        self.counts = {"carried": 0, "dropped": 0, "answer lost": 0, "late": 0, "twice": 0}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        draw = 1.0 if self.is_quiet else self._chance.random()
        if draw < 0.05:
            self.counts["dropped"] += 1
            raise httpx.ConnectError("dropped")
        if draw < 0.10:
            self.counts["answer lost"] += 1
            self._carry(request)
            raise httpx.ReadError("answer lost")
        if draw < 0.14:
            self.counts["late"] += 1
            self._late.append(request)
            raise httpx.ReadTimeout("late")
        if draw < 0.18:
            self.counts["twice"] += 1
            self._carry(request)
        return self._carry(request)

    def let_arrive(self, sender: str | None = None) -> None:
        """Let what is late arrive, of one sender or of all, in any order."""
        due = [request for request in self._late if sender is None or _sender(request) == sender]
        self._late = [request for request in self._late if request not in due]
        self._chance.shuffle(due)
        for request in due:
            self._carry(request)

    def _carry(self, request: httpx.Request) -> httpx.Response:
        self.counts["carried"] += 1
        self.posts += request.method == "POST"
        answer = self._inner.handle_request(request)
        answer.read()
        self._witness(request, answer)
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


def sender_of(headers: dict[str, str]) -> str:
    """Return what a request with these headers is known by as somebody's."""
    return headers.get("Authorization") or headers.get("x-functions-key") or ""


def _sender(request: httpx.Request) -> str:
    return request.headers.get("Authorization") or request.headers.get("x-functions-key") or ""
