# SPDX-License-Identifier: Apache-2.0
"""Someone without any key who polls every public route around each event learns nothing before the tick, and after it one of 64 steps."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from stillmine.exchange.transaction.context import Context
from tests.exchange.ask_parts import answers
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone, value

QUERIES = {"api/v1/ledger/leaves": "?start=0", "api/v1/ledger/consistency": "?from=0&to={size}"}
TICK = datetime(2026, 11, 22, 18, tzinfo=UTC)
"""The first publication after the tests' beginning."""


class Observer:
    """Sees status, headers and body of everything that anybody may ask for, a case's opening apart."""

    def __init__(self, web: httpx.Client) -> None:
        self.web = web

    def size(self) -> int:
        return int(self.web.get("/api/v1/ledger/checkpoint").text.split("\n")[1])

    def look(self) -> dict[str, tuple[int, dict[str, str], bytes]]:
        from stillmine.exchange.web.urls import ROUTES, Caller

        seen = {}
        for route in ROUTES:
            if route.caller is Caller.ANYBODY:
                answer = self.web.get(f"/{route.path}{QUERIES.get(route.path, '').format(size=self.size())}")
                seen[route.path] = (answer.status_code, dict(answer.headers), answer.content)
        for wrong in ("leaves?start=1000000", "consistency?from=0&to=1000000", "consistency?from=0&to=1"):
            answer = self.web.get(f"/api/v1/ledger/{wrong}")
            seen[wrong] = (answer.status_code, dict(answer.headers), answer.content)
        return seen


Deed = Callable[["Scene"], object]


class Scene:
    def __init__(self, phone: Phone, other_phone: Phone, partner: PartnerClient, follow: Callable[[], None]) -> None:
        self.phone, self.other_phone, self.partner, self.follow = phone, other_phone, partner, follow
        self.first = phone.open(1, 2).fingerprints[0].id
        follow()


def open_a_case(scene: Scene) -> None:
    scene.other_phone.open(7)


def many_pages(scene: Scene) -> None:
    """70 entries."""
    for number in range(10, 80):
        scene.phone.add(number)
        scene.partner.fetch()


DEEDS: dict[str, tuple[Deed, int]] = {
    "nothing": (lambda _: None, 64),
    "an ask that is clear": (lambda scene: answers(scene.partner, "f" * 64), 64),
    "an ask that matches": (lambda scene: answers(scene.partner, value(1)), 64),
    "a withdrawal": (lambda scene: scene.phone.withdraw(), 64),
    "one fingerprint withdrawn": (lambda scene: scene.phone.withdraw(scene.first), 64),
    "an opening": (open_a_case, 64),
    "a disclosure": (lambda scene: scene.partner.sync(), 64),
    "a disclosure in the StopNCII shape": (lambda scene: scene.partner.fetch_hashes(), 64),
    "seventy pages": (many_pages, 128),
}


@pytest.fixture
def scene(phone: Phone, other_phone: Phone, partner: PartnerClient, follower: Callable[[], None]) -> Scene:
    return Scene(phone, other_phone, partner, follower)


@pytest.mark.parametrize("deed", DEEDS)
def test_nothing_is_seen_before_the_tick_and_after_it_a_multiple_of_64(
    exchange: Context, web: httpx.Client, clock: Clock, scene: Scene, deed: str
) -> None:
    from stillmine.exchange.log.publishing import publish_due

    act, grows_by = DEEDS[deed]
    observer = Observer(web)
    publish_due(exchange)
    before, size = observer.look(), observer.size()
    act(scene)
    assert observer.look() == before
    clock.until(TICK - timedelta(seconds=1))
    publish_due(exchange)
    after = observer.look()
    assert {path for path in before if after[path] != before[path]} <= {"readyz"}, "readyz looks at the time alone"
    clock.until(TICK)
    publish_due(exchange)
    assert (size % 64, observer.size() - size) == (0, grows_by)
