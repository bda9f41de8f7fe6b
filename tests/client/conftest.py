# SPDX-License-Identifier: Apache-2.0
"""Both clients, so that every test of the contract runs against each."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from stillmine.client import AsyncExchange, Exchange, ExchangeSettings, TimeLimits
from tests.client.client_parts import SETTINGS, Client, ClientOf, InALoop


@pytest.fixture(params=["sync", "async"])
def client_of(request: pytest.FixtureRequest) -> Iterator[ClientOf]:
    """Return a client of a function that answers, or of an address; it is closed when the test ends."""
    opened: list[Client] = []

    def client_of(
        answer: Callable[[httpx.Request], httpx.Response] | None = None,
        settings: ExchangeSettings = SETTINGS,
        limits: TimeLimits | None = None,
    ) -> Client:
        transport = None if answer is None else httpx.MockTransport(answer)
        if request.param == "sync":
            opened.append(Exchange(settings, transport, limits=limits))
        else:
            opened.append(InALoop(AsyncExchange(settings, transport, limits)))
        return opened[-1]

    yield client_of
    for client in opened:
        client.close()
