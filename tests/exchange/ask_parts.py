# SPDX-License-Identifier: Apache-2.0
"""How tests ask: an index service in a thread that follows when it is told to, and asks over HTTP."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from stillmine.exchange.transaction.context import Context
from tests.exchange.exchange_parts import PartnerClient


@pytest.fixture
def follower(exchange: Context) -> Iterator[Callable[[], None]]:
    """An index service on this exchange's socket that follows when it is told to."""
    from stillmine.exchange.ask.client import forget_connection
    from stillmine.exchange.ask.following import Follower
    from stillmine.exchange.ask.service import IndexService

    own = Follower(exchange)
    service = IndexService(exchange.home, own)
    service.start()
    yield own.follow
    service.close()
    forget_connection()


def ask(partner: PartnerClient, *queries: tuple[str, str]) -> httpx.Response:
    body = {"version": 1, "queries": [{"kind": kind, "value": text} for kind, text in queries]}
    return partner.web.post("/api/v1/ask", json=body, headers=partner.headers)


def answers(partner: PartnerClient, *values: str) -> list[tuple[str, str]]:
    response = ask(partner, *[("pdq", text) for text in values])
    assert response.status_code == 200, response.text
    return [(row["outcome"], row["id"]) for row in response.json()["answers"]]
