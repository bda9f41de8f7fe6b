# SPDX-License-Identifier: Apache-2.0
"""HMA's calls, answered by the partner service: the shapes that a client written for HMA reads, in every way; and who may call."""

import hashlib
import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlencode

import httpx
import pytest
from starlette.routing import Route

from stillmine.fingerprint import fingerprint_image
from stillmine.partner.fetching.allowed import AllowedSources
from stillmine.partner.ground.home import SERVICE_KEY_FILE
from stillmine.partner.hma.banks import BANKS_FILE, Banks
from stillmine.partner.hma.doors import HmaChoice, require_local
from stillmine.partner.hma.routes import hma_routes
from stillmine.partner.screening.way_in_use import WayChoice
from stillmine.partner.service.app import Surroundings, build_service
from stillmine.wire.errors import NotConfiguredError
from stillmine.wire.kinds import Kind
from tests.partner.fake_exchange import FakeExchange
from tests.partner.partner_parts import SETTINGS, Clock, Numbers
from tests.partner.service_client import ServiceClient, running
from tests.partner.test_partner_fetching import serving
from tests.partner.test_partner_service import refusal, wait_until

PHOTOGRAPH = "media/clothing/coat.jpg"
ADDRESSES = (
    ("GET", "/h/hash"),
    ("POST", "/h/hash"),
    ("GET", "/m/lookup"),
    ("POST", "/m/lookup"),
    ("GET", "/m/raw_lookup"),
    ("GET", "/c/banks"),
    ("PUT", "/c/bank/STILLMINE"),
    ("GET", "/c/exchanges"),
)

Open = Callable[..., ServiceClient]


@pytest.fixture
def photograph(root: Path) -> bytes:
    return (root / PHOTOGRAPH).read_bytes()


@pytest.fixture
def opened(home: Path, exchange: FakeExchange, clock: Clock) -> Iterator[Open]:
    """Start a service with HMA's face: without a key, as a client on this machine, unless said otherwise."""
    contexts = []

    def open_it(choice: HmaChoice = HmaChoice.OPEN, way: WayChoice = WayChoice.LIST, fetch_from: tuple[str, ...] = ()) -> ServiceClient:
        context = started(home, exchange, clock, choice, way, fetch_from)
        contexts.append(context)
        return context.__enter__()

    yield open_it
    for context in contexts:
        context.__exit__(None, None, None)


@contextmanager
def started(
    home: Path, exchange: FakeExchange, clock: Clock, choice: HmaChoice, way: WayChoice, fetch_from: tuple[str, ...]
) -> Iterator[ServiceClient]:
    outside = Surroundings(clock=clock, random_bytes=Numbers(), transport=exchange.transport())
    more = hma_routes(choice, home, AllowedSources(fetch_from))
    with running(build_service(home, SETTINGS, 0.2, 2, outside, choice=way, more_routes=more)) as client:
        wait_until(lambda: client.get("/health").status_code == 200)
        client.headers["Host"] = "127.0.0.1:8460"
        yield client


@pytest.fixture(scope="module")
def refusing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceClient]:
    """One service without a key for every request that is refused: to start one for each would take minutes."""
    home = tmp_path_factory.mktemp("refusing")
    with started(home, FakeExchange(), Clock(), HmaChoice.OPEN, WayChoice.LIST, ()) as client:
        yield client
        assert list(Banks(home).all()) == ["STILLMINE", "STILLMINE_REVIEW"]


def form(data: bytes, name: str = "photo") -> tuple[bytes, dict[str, str]]:
    """A file in the form that HMA's clients send."""
    request = httpx.Request("POST", "http://partner.example/", files={name: ("a.jpg", io.BytesIO(data), "image/jpeg")})
    return request.read(), {"Content-Type": request.headers["content-type"]}


def found(answer: httpx.Response) -> object:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def lookup(client: ServiceClient, pdq: str, **more: str) -> object:
    return found(client.get("/m/lookup?" + urlencode({"signal_type": "pdq", "signal": pdq, **more})))


@pytest.mark.parametrize("way", [WayChoice.LIST, WayChoice.ASK, WayChoice.BOTH])
def test_a_signal_and_a_file_are_looked_up(opened: Open, exchange: FakeExchange, photograph: bytes, way: WayChoice) -> None:
    pdq = fingerprint_image(photograph).pdq
    exchange.add("f", pdq)
    client = opened(way=way)
    wait_until(lambda: bool(lookup(client, pdq.hex())))
    distance = "31" if way is WayChoice.ASK else "0"
    ((bank, (match,)),) = json.loads(json.dumps(lookup(client, pdq.hex().upper()))).items()
    assert (bank, match["distance"]) == ("STILLMINE", distance)
    assert match["bank_content_id"] == int(match["match_id"][:13], 16) < 2**53
    body, headers = form(photograph)
    by_type = json.loads(client.post("/m/lookup", body, headers).content)
    assert set(by_type) == {"pdq", "video_md5"}
    assert by_type["video_md5"] == {}
    assert set(by_type["pdq"]) == {"STILLMINE"}
    of_one = found(client.post("/m/lookup?signal_type=pdq", body, headers))
    assert of_one == by_type["pdq"], "the same upload, the same match"
    assert lookup(client, "f" * 64) == {}
    raw = found(client.get(f"/m/raw_lookup?signal_type=pdq&signal={pdq.hex()}"))
    assert raw == {"matches": [match["bank_content_id"]]}
    raw = found(client.get(f"/m/raw_lookup?signal_type=pdq&signal={pdq.hex()}&include_distance=true"))
    assert raw == {"matches": [match]}


def test_every_name_of_a_type_selects_what_is_answered_under_it(opened: Open, exchange: FakeExchange, photograph: bytes) -> None:
    exchange.add("f", hashlib.md5(photograph, usedforsecurity=False).digest(), Kind.MD5)
    client = opened()
    wait_until(lambda: client.get("/status").status_code == 200)
    body, headers = form(photograph)
    assert [set(json.loads(client.post(f"/m/lookup?signal_type={name}", body, headers).content)) for name in ("md5", "video_md5")] == [
        {"STILLMINE"}
    ] * 2
    assert found(client.post("/m/lookup?signal_type=regions", body, headers)) == {}


def test_a_lookup_is_reported_and_flagged_goes_to_a_bank_of_its_own_and_withdrawn_is_found_no_more(
    opened: Open, exchange: FakeExchange, photograph: bytes
) -> None:
    pdq = fingerprint_image(photograph).pdq
    fingerprint_id = exchange.add("f", pdq)
    client = opened()
    wait_until(lambda: bool(lookup(client, pdq.hex())))
    wait_until(lambda: [one.fingerprint_id for one in exchange.feedback.values()] == [fingerprint_id])
    exchange.flag("f")
    wait_until(lambda: set(json.loads(json.dumps(lookup(client, pdq.hex())))) == {"STILLMINE_REVIEW"})
    assert lookup(client, pdq.hex(), banks="STILLMINE") == {}
    assert found(client.get(f"/m/raw_lookup?signal_type=pdq&signal={pdq.hex()}&banks=STILLMINE")) == {"matches": []}
    exchange.withdraw("f")
    wait_until(lambda: lookup(client, pdq.hex()) == {})


def test_what_could_not_be_screened_is_never_an_empty_answer(refusing: ServiceClient, photograph: bytes) -> None:
    for path in ("/m/lookup", "/h/hash"):
        refusal(refusing.post(path, *form(photograph[: len(photograph) * 4 // 5])), 422, "truncated_image")
        refusal(refusing.post(path, *form(b"no picture")), 415, "not_an_image")
    refusal(refusing.post("/h/hash", *form(b"")), 422, "empty_file")


def test_before_the_first_sync_nothing_is_clear(home: Path, exchange: FakeExchange, clock: Clock) -> None:
    exchange.answers["/api/v1/status"] = exchange.answers["/api/v1/feed"] = httpx.ConnectError("no")
    outside = Surroundings(clock=clock, random_bytes=Numbers(), transport=exchange.transport())
    more = hma_routes(HmaChoice.OPEN, home, AllowedSources())
    with running(build_service(home, SETTINGS, 0.2, 1, outside, choice=WayChoice.LIST, more_routes=more)) as client:
        client.headers["Host"] = "localhost"
        answer = client.get("/status")
        assert (answer.status_code, answer.text) == (503, "INDEX-NOT-LOADED")
        assert client.get("/status/live").text == "I-AM-ALIVE"
        refusal(client.get(f"/m/lookup?signal_type=pdq&signal={'a' * 64}"), 503, "never_synced")


def test_status_says_whether_the_list_is_fresh(opened: Open, exchange: FakeExchange, clock: Clock) -> None:
    client = opened()
    answer = client.get("/status")
    assert (answer.status_code, answer.text) == (200, "I-AM-ALIVE")
    exchange.answers["/api/v1/feed"] = httpx.ConnectError("no")
    clock.move(600)
    wait_until(lambda: client.get("/status").text == "INDEX-STALE")
    assert client.get("/status").status_code == 503


def test_signals_of_files(refusing: ServiceClient, root: Path, photograph: bytes) -> None:
    client = refusing
    assert found(client.post("/h/hash", *form(photograph))) == {"pdq": fingerprint_image(photograph).pdq.hex()}
    video = next((root / "media/video").glob("*.mp4")).read_bytes()
    hashed = json.loads(client.post("/h/hash", *form(video, "video")).content)
    assert set(hashed) == {"video_md5"}
    refusal(client.post("/h/hash?types=pdq", *form(video, "video")), 503, "decoder_stopped")
    refusal(client.post("/h/hash?types=photodna", *form(photograph)), 400, "malformed_message")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/m/lookup", 400, "malformed_message"),
        ("/m/lookup?signal_type=pdq", 400, "malformed_message"),
        ("/m/lookup?signal_type=photodna&signal=aa", 400, "malformed_message"),
        ("/m/lookup?signal_type=photodna&url=https://media.example/a.jpg", 400, "malformed_message"),
        (f"/m/lookup?signal_type=pdq&signal={'a' * 64}&banks=STILLMINE,TYPO", 404, "hma_bank_not_found"),
        (f"/m/raw_lookup?signal_type=pdq&signal={'a' * 64}&banks=TYPO", 404, "hma_bank_not_found"),
        ("/m/lookup?signal_type=pdq&signal=aa", 422, "fingerprint_malformed"),
        ("/m/raw_lookup?signal=aa", 400, "malformed_message"),
        ("/m/lookup?url=https://media.example/a.jpg", 403, "url_not_allowed"),
        ("/h/hash?url=http://169.254.169.254/", 403, "url_not_allowed"),
        ("/h/hash", 403, "url_not_allowed"),
        ("/h/hash?content_type=text&url=x", 400, "malformed_message"),
        ("/c/bank/NOBODY", 404, "hma_bank_not_found"),
        ("/c/bank/STILLMINE/content/1", 403, "hma_read_only"),
        ("/c/bank/NOBODY/content/1", 404, "hma_bank_not_found"),
        ("/c/exchange/NOBODY/status", 404, "hma_bank_not_found"),
        ("/c/exchanges/api/ncmec", 400, "malformed_message"),
        ("/m/compare", 404, "not_found"),
    ],
)
def test_what_is_refused(refusing: ServiceClient, path: str, status: int, code: str) -> None:
    answer = refusing.get(path)
    refusal(answer, status, code)
    assert answer.json()["message"]


def test_a_file_is_fetched_only_from_where_it_may_be(
    opened: Open, exchange: FakeExchange, photograph: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    pdq = fingerprint_image(photograph).pdq
    exchange.add("f", pdq)
    with serving() as (port, seen):
        client = opened(fetch_from=(f"http://127.0.0.1:{port}",))
        url = quote(f"http://127.0.0.1:{port}/file", safe="")
        refusal(client.get(f"/h/hash?url={url}"), 415, "not_an_image")
        refusal(client.get(f"/m/lookup?url={url}"), 415, "not_an_image")
        assert len(seen) == 2
        refusal(client.get(f"/h/hash?url={quote(f'http://127.0.0.1:{port}/redirect')}"), 502, "url_unreachable")
        refusal(client.get(f"/h/hash?url={quote(f'http://localhost:{port}/file')}"), 403, "url_not_allowed")
        assert len(seen) == 3
        monkeypatch.setattr("tests.partner.test_partner_fetching.FILE", photograph)
        assert found(client.get(f"/h/hash?url={url}")) == {"pdq": pdq.hex()}
        wait_until(lambda: set(client.get(f"/m/lookup?url={url}").json()["pdq"]) == {"STILLMINE"})


def test_banks_are_names_that_survive_a_restart(opened: Open, home: Path, exchange: FakeExchange) -> None:
    exchange.add("f", bytes(range(32)))
    signal = bytes(range(32)).hex()
    client = opened()
    wait_until(lambda: bool(lookup(client, signal)))

    def send(method: str, path: str, body: object) -> httpx.Response:
        return client.request(method, path, json.dumps(body).encode(), {"Content-Type": "application/json"})

    made = send("POST", "/c/exchanges", {"bank": "COOP_A_NCII", "api": "stillmine", "api_json": {}})
    assert made.status_code == 201
    assert send("POST", "/c/exchanges", {"bank": "COOP_A_EYES", "api": "stillmine", "api_json": {"matches": "review"}}).status_code == 201
    assert set(json.loads(json.dumps(lookup(client, signal)))) == {"STILLMINE", "COOP_A_NCII"}
    shown = found(send("PUT", "/c/bank/COOP_A_NCII", {"enabled_ratio": 0.5}))
    assert shown == {"name": "COOP_A_NCII", "matching_enabled_ratio": 0.5}
    assert found(client.get("/c/bank/COOP_A_NCII")) == shown
    told = {tuple(json.loads(json.dumps(lookup(client, signal, seed=str(seed), banks="COOP_A_NCII")))) for seed in range(40)}
    assert told == {(), ("COOP_A_NCII",)}, "half of the lookups, by their seeds"
    assert lookup(client, signal, seed="7") == lookup(client, signal, seed="7")
    assert found(send("PUT", "/c/bank/COOP_A_NCII", {"enabled": False})) == {"name": "COOP_A_NCII", "matching_enabled_ratio": 0.0}
    assert lookup(client, signal, banks="COOP_A_NCII") == {}
    assert lookup(client, signal, banks="COOP_A_NCII", bypass_coinflip="true") != {}
    assert found(send("PUT", "/c/bank/COOP_A_NCII", {"name": "COOP_A_NEW"})) == {"name": "COOP_A_NEW", "matching_enabled_ratio": 0.0}
    refusal(send("PUT", "/c/bank/COOP_A_NEW", {"name": "STILLMINE"}), 403, "hma_bank_exists")
    refusal(send("PUT", "/c/bank/COOP_A_NEW", {"enabled_ratio": 2}), 400, "malformed_message")
    refusal(send("POST", "/c/exchanges", {"bank": "STILLMINE", "api": "stillmine"}), 403, "hma_bank_exists")
    refusal(send("POST", "/c/exchanges", {"bank": "lower", "api": "stillmine"}), 400, "malformed_message")
    refusal(send("POST", "/c/exchanges", {"bank": "A", "api": "ncmec"}), 400, "malformed_message")
    refusal(send("POST", "/c/exchanges", {"bank": "A", "api": "stillmine", "api_json": {"matches": "all"}}), 400, "malformed_message")
    refusal(send("POST", "/c/exchanges", ["no object"]), 400, "malformed_message")
    assert send("DELETE", "/c/bank/COOP_A_EYES", {}).status_code == 200
    refusal(client.get("/c/bank/COOP_A_EYES"), 404, "hma_bank_not_found")
    assert (home / BANKS_FILE).stat().st_mode & 0o777 == 0o600
    assert list(Banks(home).all()) == ["STILLMINE", "STILLMINE_REVIEW", "COOP_A_NEW"]


def test_what_a_bank_holds_is_not_changed_here(refusing: ServiceClient, photograph: bytes) -> None:
    client = refusing
    body, headers = form(photograph)
    refusal(client.post("/c/bank/STILLMINE/content", body, headers), 403, "hma_read_only")
    refusal(client.post("/c/bank/STILLMINE/signal", b'{"pdq": "aa"}'), 403, "hma_read_only")
    refusal(client.request("DELETE", "/c/bank/STILLMINE/content/1"), 403, "hma_read_only")
    refusal(client.post("/c/exchanges/api/stillmine", b'{"credential_json": {}}'), 403, "hma_read_only")


def test_the_exchange_is_shown_and_a_video_is_found_by_its_md5(opened: Open, exchange: FakeExchange) -> None:
    exchange.add("v", bytes(range(16)), Kind.MD5)
    client = opened()
    assert found(client.get("/c/exchanges")) == ["STILLMINE", "STILLMINE_REVIEW"]
    assert found(client.get("/c/exchanges/apis")) == ["stillmine"]
    assert found(client.get("/c/exchange/STILLMINE")) == {"name": "STILLMINE", "api": "stillmine", "enabled": True, "matches": "rules"}
    wait_until(lambda: client.get("/c/exchange/STILLMINE/status").json()["fetched_items"] == 1)
    status = json.loads(client.get("/c/exchange/STILLMINE/status").content)
    assert (status["last_fetch_succeeded"], status["up_to_date"], status["running_fetch_start_ts"]) == (True, True, None)
    assert isinstance(status["last_fetch_complete_ts"], int)
    assert found(client.get("/c/exchanges/api/stillmine")) == {"supports_authentification": False, "has_set_authentification": False}
    schema = json.loads(client.get("/c/exchanges/api/stillmine/schema").content)
    assert schema["credentials_schema"] is None
    (field,) = schema["config_schema"]["fields"]
    assert set(field) == {"name", "type", "required", "default", "help", "choices"}
    video = found(client.get(f"/m/lookup?signal_type=video_md5&signal={bytes(range(16)).hex()}"))
    assert isinstance(video, dict)
    assert set(video) == {"STILLMINE"}


def test_with_the_key_only_its_holder_may_call(opened: Open, home: Path) -> None:
    client = opened(HmaChoice.KEY)
    for method, path in ADDRESSES:
        refusal(client.request(method, path), 401, "service_key_unknown")
    assert client.get("/status").status_code == 200
    client.headers |= {"Authorization": f"Bearer {(home / SERVICE_KEY_FILE).read_text().strip()}", "Host": "partner.example"}
    assert client.get("/c/banks").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example"}, {"Host": "evil.example:8460"}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}],
)
def test_without_the_key_no_name_from_outside_and_no_browser_may(refusing: ServiceClient, headers: dict[str, str]) -> None:
    client = refusing
    for host in ("localhost", "127.0.0.1:8460", "[::1]:8460"):
        assert client.request("GET", "/c/banks", headers={"Host": host}).status_code == 200
    for method, path in ADDRESSES:
        refusal(client.request(method, path, headers=headers), 403, "hma_not_local")
    refusal(client.get("/matches"), 401, "service_key_unknown")


def test_off_unless_it_is_wanted_and_open_only_on_this_machine(home: Path, opened: Open) -> None:
    client = opened(HmaChoice.OFF)
    for method, path in (*ADDRESSES, ("GET", "/status")):
        refusal(client.request(method, path), 404, "not_found")
    for listen in ("127.0.0.1", "::1", "localhost"):
        require_local(HmaChoice.OPEN, listen)
    require_local(HmaChoice.KEY, "0.0.0.0")
    with pytest.raises(NotConfiguredError, match="--hma open"):
        require_local(HmaChoice.OPEN, "0.0.0.0")


def test_every_address_needs_the_key_or_this_machine(home: Path, exchange: FakeExchange, clock: Clock) -> None:
    outside = Surroundings(clock=clock, random_bytes=Numbers(), transport=exchange.transport())
    application = build_service(home, SETTINGS, 1, 1, outside, more_routes=hma_routes(HmaChoice.KEY, home, AllowedSources()))
    routes = [route for route in application.routes if isinstance(route, Route) and route.path[:3] in {"/h/", "/m/", "/c/"}]
    assert len(routes) == 25
    with running(application) as client:
        for route in routes:
            (method,) = (route.methods or set()) - {"HEAD"}
            path = route.path.replace("{name}", "STILLMINE").replace("{api}", "stillmine").replace("{number}", "1")
            refusal(client.request(method, path), 401, "service_key_unknown")
