# SPDX-License-Identifier: Apache-2.0
"""The HTTP service: every route as who has the key, who has another one and nobody, good and bad bodies, health."""

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from stillmine.fingerprint import fingerprint_image
from stillmine.partner.fingerprinting.upload import Upload
from stillmine.partner.ground.home import SERVICE_KEY_FILE
from stillmine.partner.service.app import Surroundings, build_service
from stillmine.wire.codec import decode
from stillmine.wire.errors import ErrorMessage
from stillmine.wire.feedback import Outcome
from stillmine.wire.screen import MAXIMUM_SCREEN_MESSAGE_BYTES, Health, ScreenOutcome, ScreenResult
from tests.child_processes import child_processes
from tests.partner.fake_exchange import FakeExchange
from tests.partner.partner_parts import SETTINGS, Clock, Numbers
from tests.partner.service_client import ServiceClient, running

PHOTOGRAPH = "media/clothing/coat.jpg"
MATCH = "/matches/" + "0" * 32 + "/review"
ROUTES = {
    "/screen": "POST",
    "/screen/hook": "POST",
    "/screen/url": "POST",
    "/screenings/{screening_id}": "GET",
    "/matches": "GET",
    "/matches/{match_id}": "GET",
    "/matches/{match_id}/review": "POST",
    "/uploads/{content_id}": "DELETE",
    "/health": "GET",
    "/livez": "GET",
    "/readyz": "GET",
    "/metrics": "GET",
}
OPEN_ROUTES = {"/health", "/livez", "/readyz"}
JSON = {"Content-Type": "application/json"}


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait for the background thread; gives up only when it is surely broken."""
    for _ in range(600):
        if is_so():
            return
        time.sleep(0.05)
    raise AssertionError("it never happened")


@pytest.fixture
def application(home: Path, exchange: FakeExchange, clock: Clock) -> Starlette:
    return built(home, exchange, clock)


def built(home: Path, exchange: FakeExchange, clock: Clock) -> Starlette:
    surroundings = Surroundings(clock=clock, random_bytes=Numbers(), transport=exchange.transport())
    return build_service(home, SETTINGS, sync_every_seconds=0.2, threads=2, surroundings=surroundings)


@pytest.fixture
def nobody(application: Starlette) -> Iterator[ServiceClient]:
    """A client without a key, of a service that runs and has synced."""
    with running(application) as client:
        wait_until(lambda: client.get("/health").status_code == 200)
        yield client


@pytest.fixture
def platform(nobody: ServiceClient, home: Path) -> ServiceClient:
    """The same with the service key."""
    key = (home / SERVICE_KEY_FILE).read_text().strip()
    nobody.headers["Authorization"] = f"Bearer {key}"
    return nobody


@pytest.fixture(scope="module")
def refusing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceClient]:
    """One service, with its key, for every request of a file that is refused: to start one for each would take minutes."""
    home = tmp_path_factory.mktemp("refusing")
    with running(built(home, FakeExchange(), Clock())) as client:
        wait_until(lambda: client.get("/health").status_code == 200)
        client.headers["Authorization"] = f"Bearer {(home / SERVICE_KEY_FILE).read_text().strip()}"
        yield client
        assert health(client).waiting_feedback == 0
        assert client.get("/matches?state=all").json()["matches"] == []


@pytest.fixture
def photograph(root: Path) -> bytes:
    return (root / PHOTOGRAPH).read_bytes()


@pytest.fixture
def protected(platform: ServiceClient, exchange: FakeExchange, photograph: bytes) -> str:
    """The photograph is synced; returns its fingerprint id."""
    fingerprint_id = exchange.add("f", fingerprint_image(photograph).pdq)
    wait_until(lambda: health(platform).fingerprints == 1)
    return fingerprint_id


def health(client: ServiceClient) -> Health:
    return decode(client.get("/health").content, Health)


def screened(client: ServiceClient, content: bytes, **headers: str) -> ScreenResult:
    answer = client.post("/screen", content=content, headers=headers)
    assert answer.status_code == 200, answer.text
    return decode(answer.content, ScreenResult)


def refusal(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status
    message = decode(answer.content, ErrorMessage)
    assert message.code == code
    assert message.message.endswith(".")
    assert answer.headers["Cache-Control"] == "no-store"


def test_every_route_is_classified(application: Starlette) -> None:
    found = {route.path: (route.methods or set()) - {"HEAD"} for route in application.routes if isinstance(route, Route)}
    assert found == {path: {method} for path, method in ROUTES.items()}


STRANGERS = (
    None,
    "",
    "Bearer",
    "Bearer ",
    "Bearer sms_" + "A" * 43,
    "Basic c21zOg==",
    "bearer {key}",
    "Bearer {key}x",
    "{key}",
    "Bearer \xe9",
)


@pytest.mark.parametrize("path", sorted(ROUTES))
def test_strangers_get_nothing_but_health_and_readiness(nobody: ServiceClient, home: Path, path: str) -> None:
    """One service for all of them: to start one for each would take a minute."""
    key = (home / SERVICE_KEY_FILE).read_text().strip()
    for authorization in STRANGERS:
        headers = {} if authorization is None else {"Authorization": authorization.replace("{key}", key).encode("latin-1")}
        answer = nobody.request(ROUTES[path], path.replace("{match_id}", "0" * 32), headers=headers, content=b"x")
        if path in OPEN_ROUTES:
            assert answer.status_code == 200, authorization
        else:
            refusal(answer, 401, "service_key_unknown")


def test_no_number_of_wrong_keys_keeps_the_right_one_out(platform: ServiceClient, photograph: bytes, protected: str) -> None:
    for number in range(100):
        answer = platform.request("POST", "/screen", b"x", {"Authorization": f"Bearer sms_{number:043d}"})
        refusal(answer, 401, "service_key_unknown")
    assert screened(platform, photograph).outcome is ScreenOutcome.MATCH


def test_match_review_feedback_and_withdrawal(platform: ServiceClient, exchange: FakeExchange, photograph: bytes, protected: str) -> None:
    result = screened(platform, photograph)
    assert result.outcome is ScreenOutcome.MATCH
    match_id = result.matches[0].match_id
    assert protected not in (match_id, *exchange.feedback)
    body = b'{"version":1,"decision":"removed","vote":"agree"}'
    review = platform.post(f"/matches/{match_id}/review", content=body, headers=JSON)
    assert (review.status_code, review.content) == (204, b"")
    wait_until(lambda: len(exchange.feedback) == 2 and len(exchange.votes) == 1)
    assert next(iter(exchange.votes.values())).fingerprint_id == protected
    assert [(report.outcome, report.fingerprint_id) for report in exchange.feedback.values()] == [
        (Outcome.FOUND, protected),
        (Outcome.REMOVED, protected),
    ]
    exchange.withdraw("f")
    wait_until(lambda: exchange.acknowledged[-1] == exchange.cursor())
    assert screened(platform, photograph).outcome is ScreenOutcome.NO_MATCH
    assert health(platform).fingerprints == 0


def test_answer_holds_no_fingerprint_and_no_distance(platform: ServiceClient, photograph: bytes, protected: str) -> None:
    answer = platform.post("/screen", content=photograph).text
    assert protected not in answer
    assert fingerprint_image(photograph).text not in answer
    assert set(json.loads(answer)["matches"][0]) == {
        "match_id",
        "kind",
        "match_class",
        "distance_bucket",
        "variant",
        "undone",
        "matched_spans",
        "is_flagged",
        "is_synthetic",
        "decision",
        "found_by",
        "judges",
        "transform",
        "source",
        "action",
        "is_in_own_negative_bank",
    }


@pytest.mark.usefixtures("protected")
def test_fingerprints_are_screened_as_json(platform: ServiceClient, photograph: bytes) -> None:
    value = fingerprint_image(photograph).text
    body = json.dumps({"version": 1, "fingerprints": [{"kind": "pdq", "value": value, "quality": 90}]}).encode()
    assert screened(platform, body, **{"Content-Type": "Application/JSON; charset=utf-8"}).outcome is ScreenOutcome.MATCH
    assert screened(platform, body).reason == "not_an_image"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "malformed_message"),
        (b"{", 400, "malformed_message"),
        (b"\xff\xd8\xff", 400, "malformed_message"),
        (b'{"version":1,"fingerprints":[]}', 400, "malformed_message"),
        (b'{"version":2,"fingerprints":[{"kind":"pdq","value":"' + b"a" * 64 + b'","quality":90}]}', 400, "malformed_message"),
        (b'{"version":1,"fingerprints":[{"kind":"pdq","value":"' + b"a" * 63 + b'","quality":90}]}', 422, "fingerprint_malformed"),
        (b'{"version":1,"fingerprints":[{"kind":"regions","value":"' + b"a" * 32 + b'","quality":100}]}', 422, "fingerprint_malformed"),
        (b'{"version":1,"fingerprints":[{"kind":"pdq","value":"' + b"a" * 64 + b'","quality":90}],"name":"x"}', 400, "malformed_message"),
        (b" " * (MAXIMUM_SCREEN_MESSAGE_BYTES + 1), 413, "message_too_large"),
    ],
)
def test_malformed_fingerprints(refusing: ServiceClient, body: bytes, status: int, code: str) -> None:
    refusal(refusing.post("/screen", content=body, headers=JSON), status, code)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "malformed_message"),
        (b"[]", "malformed_message"),
        (b'{"version":1,"decision":"perhaps"}', "malformed_message"),
        (b'{"version":1,"decision":"not_removed"}', "malformed_message"),
        (b'{"version":1,"decision":"removed","reason":"not_the_same"}', "malformed_message"),
        (b'{"version":1,"decision":"not_removed","reason":"because"}', "malformed_message"),
        (b'{"version":1,"decision":"removed","reviewer":"someone"}', "malformed_message"),
        (b'{"version":1,"decision":"removed","vote":"disagree"}', "malformed_message"),
        (b'{"version":1,"decision":"removed","vote":"agree","vote_reason":"not_intimate"}', "malformed_message"),
        (b'{"version":1,"decision":"removed","vote_reason":"not_intimate"}', "malformed_message"),
    ],
)
def test_malformed_review(refusing: ServiceClient, body: bytes, code: str) -> None:
    refusal(refusing.post(MATCH, content=body, headers=JSON), 400, code)
    assert health(refusing).waiting_feedback == 0


@pytest.mark.parametrize("match_id", ["0" * 32, "0" * 31, "G" * 32, "x", "a" * 300])
def test_unknown_match(refusing: ServiceClient, match_id: str) -> None:
    answer = refusing.post(f"/matches/{match_id}/review", content=b'{"version":1,"decision":"removed"}', headers=JSON)
    refusal(answer, 404, "match_not_found")


def test_upload_beyond_the_limit_is_not_screened(platform: ServiceClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stillmine.partner.service.screen_doors.Upload", partial(Upload, bytes_in_memory=1000, maximum_bytes=5000))
    assert screened(platform, b"x" * 5001).reason == "file_too_large"
    assert screened(platform, b"x" * 5000).reason == "not_an_image"


@pytest.mark.usefixtures("protected")
def test_a_large_upload_passes_through_a_file_that_nobody_sees(
    platform: ServiceClient, home: Path, photograph: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[set[str]] = []

    class Watched(Upload):
        def fileno(self) -> int:
            seen.append({path.name for path in home.iterdir()})
            assert self.will_reach_disk
            return super().fileno()

    before = {path.name for path in home.iterdir()}
    monkeypatch.setattr("stillmine.partner.service.screen_doors.Upload", partial(Watched, bytes_in_memory=1000))
    assert screened(platform, photograph).outcome is ScreenOutcome.MATCH
    assert seen
    assert all(names == before for names in seen)


def test_workers_end_with_the_service(application: Starlette, home: Path, photograph: bytes) -> None:
    others = children()
    with running(application) as client:
        client.headers["Authorization"] = f"Bearer {(home / SERVICE_KEY_FILE).read_text().strip()}"
        wait_until(lambda: client.get("/health").status_code == 200)
        assert screened(client, photograph).outcome is ScreenOutcome.NO_MATCH
        assert len(children() - others) >= 3
    wait_until(lambda: not children() - others)


def children() -> set[int]:
    """The worker processes of this process."""
    return {number for number, line in child_processes().items() if "stillmine.partner.fingerprinting.worker" in line}


def test_unknown_path_and_method(refusing: ServiceClient) -> None:
    refusal(refusing.get("/fingerprints"), 404, "not_found")
    answer = refusing.get("/screen")
    refusal(answer, 405, "method_not_allowed")
    assert answer.headers["Allow"] == "POST"


def test_unexpected_failure_is_answered_and_says_nothing_of_the_request(
    platform: ServiceClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("marked words")

    monkeypatch.setattr("stillmine.partner.screening.screening.Screening.screen_upload", fail)
    refusal(platform.post("/screen", content=b"x"), 500, "internal_error")
    assert "RuntimeError" in caplog.text
    assert "marked" not in caplog.text


def test_health_grows_stale_and_recovers(nobody: ServiceClient, exchange: FakeExchange, clock: Clock) -> None:
    fresh = health(nobody)
    assert (fresh.is_fresh, fresh.age_seconds, fresh.problem) == (True, 0, None)
    exchange.answers["/api/v1/feed"] = httpx.ConnectError("down")
    wait_until(lambda: health(nobody).problem == "exchange_unreachable")
    clock.move(120)
    assert nobody.get("/health").status_code == 200
    clock.move(1)
    stale = nobody.get("/health")
    assert (stale.status_code, decode(stale.content, Health).age_seconds) == (503, 121)
    exchange.answers.clear()
    wait_until(lambda: nobody.get("/health").status_code == 200 and health(nobody).problem is None)


def test_sync_from_the_future_is_not_fresh(nobody: ServiceClient, exchange: FakeExchange, clock: Clock) -> None:
    exchange.answers["/api/v1/feed"] = httpx.ConnectError("down")
    wait_until(lambda: health(nobody).problem == "exchange_unreachable")
    clock.move(-3600)
    assert nobody.get("/health").status_code == 503


def test_matching_goes_on_while_the_exchange_is_away(
    platform: ServiceClient, exchange: FakeExchange, photograph: bytes, protected: str
) -> None:
    for path in ("/api/v1/feed", "/api/v1/feedback"):
        exchange.answers[path] = httpx.ConnectError("down")
    assert screened(platform, photograph).outcome is ScreenOutcome.MATCH
    wait_until(lambda: health(platform).problem == "exchange_unreachable")
    assert health(platform).waiting_feedback == 1
    exchange.answers.clear()
    wait_until(lambda: len(exchange.feedback) == 1)
    assert exchange.feedback.popitem()[1].fingerprint_id == protected


def test_feedback_does_not_wait_for_the_next_sync(home: Path, exchange: FakeExchange, clock: Clock, photograph: bytes) -> None:
    exchange.add("f", fingerprint_image(photograph).pdq)
    surroundings = Surroundings(clock=clock, random_bytes=Numbers(), transport=exchange.transport())
    application = build_service(home, SETTINGS, sync_every_seconds=3600, threads=1, surroundings=surroundings)
    with running(application) as client:
        wait_until(lambda: client.get("/health").status_code == 200)
        client.headers["Authorization"] = f"Bearer {(home / SERVICE_KEY_FILE).read_text().strip()}"
        assert screened(client, photograph).outcome is ScreenOutcome.MATCH
        wait_until(lambda: len(exchange.feedback) == 1)
        assert exchange.requests.count("GET /api/v1/feed") == 1


def test_nothing_of_an_upload_is_kept(platform: ServiceClient, home: Path, photograph: bytes, protected: str) -> None:
    marked = photograph + b"a mark that no file may hold"
    assert screened(platform, marked, **{"X-File-Name": "marked-name.jpg"}).outcome is ScreenOutcome.MATCH
    kept = b"".join(path.read_bytes() for path in home.iterdir())
    for mark in (b"a mark that no file may hold", b"marked-name", photograph[1000:1064]):
        assert mark not in kept


def test_who_uploads_goes_into_the_token_and_has_bounds(
    platform: ServiceClient, exchange: FakeExchange, photograph: bytes, protected: str
) -> None:
    for uploader in ("account 1", "account 2"):
        answer = platform.post("/screen", content=photograph, headers={"Stillmine-Uploader": uploader})
        assert answer.json()["outcome"] == "match"
    wait_until(lambda: len(exchange.feedback) == 2)
    assert len({report.upload_token for report in exchange.feedback.values()}) == 2
    refusal(platform.post("/screen", content=photograph, headers={"Stillmine-Uploader": "a" * 201}), 400, "malformed_message")
