# SPDX-License-Identifier: Apache-2.0
"""The service of a follower by itself: what it refuses because the leader alone answers it, and its metrics."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.routing import Match, Route

from stillmine.partner.fetching.allowed import AllowedSources
from stillmine.partner.ground.errors import LeaderOnlyError
from stillmine.partner.hma.doors import HmaChoice
from stillmine.partner.hma.routes import hma_routes
from stillmine.partner.instances.leader import Leader, LeaderAddress
from stillmine.partner.instances.messages import INSTANCES_VERSION, Welcome
from stillmine.partner.older.older_content import OlderChoice
from stillmine.partner.review.routes import ReviewChoice, review_routes
from stillmine.partner.service.app import Surroundings, build_service
from stillmine.partner.service.follower import build_follower
from stillmine.partner.service.service import together
from stillmine.wire.case_key import Secret
from tests.partner.fake_exchange import FakeExchange
from tests.partner.partner_parts import SETTINGS, Clock, Numbers
from tests.partner.service_client import ServiceClient, running

KEY = "sms_of_tests"
ADDRESS = LeaderAddress("http://127.0.0.1:1", Secret(b"smi_" + b"A" * 43))


def away(_request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("away")


@pytest.fixture
def application(tmp_path: Path, exchange: FakeExchange, clock: Clock) -> Starlette:
    surroundings = Surroundings(clock, Numbers(), clock.seconds, exchange.transport())
    said = Welcome(INSTANCES_VERSION, SETTINGS.url, KEY, "smu_of_tests")
    home = tmp_path / "follower"
    home.mkdir()
    return build_follower(home, SETTINGS, Leader(ADDRESS, httpx.MockTransport(away)), said, 1, surroundings=surroundings)


@pytest.fixture
def follower(application: Starlette) -> Iterator[ServiceClient]:
    with running(application) as client:
        yield client


def leaders_routes(home: Path, exchange: FakeExchange, clock: Clock) -> list[Route]:
    """Everything that a leader with all of it answers."""
    surroundings = Surroundings(clock, Numbers(), clock.seconds, exchange.transport())
    more = together(hma_routes(HmaChoice.KEY, home, AllowedSources()), review_routes(ReviewChoice(has_page=True)))
    leader = build_service(home, SETTINGS, 1, 1, surroundings, more_routes=more, instances_key=ADDRESS.key)
    return [route for route in leader.routes if isinstance(route, Route)]


def test_every_path_of_a_leader_is_answered_or_refused_as_the_leaders(
    application: Starlette, home: Path, exchange: FakeExchange, clock: Clock
) -> None:
    asked = 0
    for route in leaders_routes(home, exchange, clock):
        for method in (route.methods or set()) - {"HEAD"}:
            scope = {"type": "http", "method": method, "path": route.path, "headers": []}
            assert any(own.matches(scope)[0] is Match.FULL for own in application.routes), f"{method} {route.path} would be 404 or 405"
            asked += 1
    assert asked > 50


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/h/hash?url=https://example.org/a.jpg"),
        ("POST", "/m/lookup"),
        ("GET", "/c/banks"),
        ("GET", "/status"),
        ("GET", "/review/"),
        ("POST", "/review/coop"),
        ("POST", "/review/desk/decide"),
        ("POST", "/instances/welcome"),
    ],
)
def test_what_the_leader_alone_answers_is_refused_with_what_to_do(follower: ServiceClient, method: str, path: str) -> None:
    answer = follower.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (421, "leader_only")
    assert "Send this path to the leader" in answer.json()["message"]


def test_an_answer_that_may_come_later_comes_in_time(follower: ServiceClient) -> None:
    headers = {"Authorization": f"Bearer {KEY}", "Prefer": "respond-async"}
    answer = follower.post("/screen", b"any file", headers)
    assert (answer.status_code, answer.json()["outcome"], answer.json()["reason"]) == (200, "not_screened", "not_in_step")


def test_who_follows_a_follower_is_told_so(follower: ServiceClient) -> None:
    def answered(request: httpx.Request) -> httpx.Response:
        answer = follower.request(request.method, request.url.path, request.read())
        return httpx.Response(answer.status_code, stream=httpx.ByteStream(answer.content))

    leader = Leader(ADDRESS, httpx.MockTransport(answered))
    with pytest.raises(LeaderOnlyError):
        leader.welcome()
    leader.close()


def values(client: ServiceClient, key: str) -> dict[str, float]:
    answer = client.request("GET", "/metrics", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 200, answer.text
    return {
        sample.name.removeprefix("stillmine_partner_"): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if not sample.labels
    }


def test_metrics_of_a_follower(follower: ServiceClient) -> None:
    told = values(follower, KEY)
    assert {name: told[name] for name in ("lease_seconds", "waiting_for_leader", "waiting_matches", "older_not_remembered_total")} == {
        "lease_seconds": 0,
        "waiting_for_leader": 0,
        "waiting_matches": 0,
        "older_not_remembered_total": 0,
    }
    assert "followers" not in told


def test_metrics_of_a_leader(home: Path, exchange: FakeExchange, clock: Clock) -> None:
    surroundings = Surroundings(clock, Numbers(), clock.seconds, exchange.transport())
    application = build_service(home, SETTINGS, 1, 1, surroundings, remembered=OlderChoice(7), instances_key=ADDRESS.key)
    with running(application) as leader:
        key = (home / "service.key").read_text().strip()
        leader.headers = {"Authorization": f"Bearer {key}", "Stillmine-Content-Id": "post 1"}
        step = b'{"version":1,"instance":"%s","position":%s,"wait_seconds":0,"waiting":3}'
        instances = {"Authorization": f"Bearer {bytes(ADDRESS.key).decode()}"}
        position = leader.post("/instances/step", step % (b"a" * 32, b"null"), instances).json()["position"]
        said = leader.post("/instances/step", step % (b"a" * 32, b'"%s"' % position.encode()), instances).json()
        assert said["is_in_step"]
        leader.post("/screen", b'{"version":1,"fingerprints":[{"kind":"sha256","value":"%s","quality":100}]}' % (b"cd" * 32))
        clock.move(20)
        told = values(leader, key)
    assert (told["followers"], told["followers_behind"], told["followers_silent_seconds"], told["followers_waiting"]) == (1, 0, 20, 3)
    assert (told["open_matches"], told["screenings_waiting"], told["older_not_remembered_total"]) == (0, 0, 0)
    assert told["older_oldest_seconds"] >= 0
    assert {"older_uploads", "older_bytes", "older_fingerprints_waiting"} <= set(told)
