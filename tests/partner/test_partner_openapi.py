# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI document of the service says what its routes do, and nothing that it allows, or almost allows, makes the service fail."""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode, Response
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.result import Ok
from schemathesis.schemas import BaseSchema
from starlette.applications import Starlette
from starlette.routing import Route

from stillmine.fingerprint import fingerprint_image
from stillmine.partner.ground.home import SERVICE_KEY_FILE
from stillmine.partner.service.openapi import OPEN, OPERATIONS, document
from stillmine.wire.webhook import SCREEN_FINISHED, WebhookType
from tests.partner.fake_exchange import FakeExchange
from tests.partner.partner_parts import Clock
from tests.partner.service_client import ServiceClient, running
from tests.partner.test_partner_service import PHOTOGRAPH, built, health, wait_until

load_all_checks()
HELD: Any = [CHECKS.get_one(name) for name in ("status_code_conformance", "content_type_conformance", "response_schema_conformance")]
EXAMPLES = 10


@pytest.fixture
def application(home: Path, exchange: FakeExchange, clock: Clock) -> Starlette:
    return built(home, exchange, clock)


@pytest.fixture
def platform(application: Starlette, home: Path) -> Iterator[ServiceClient]:
    with running(application) as client:
        wait_until(lambda: client.get("/health").status_code == 200)
        client.headers["Authorization"] = f"Bearer {(home / SERVICE_KEY_FILE).read_text().strip()}"
        yield client


@pytest.fixture
def interface() -> BaseSchema:
    return schemathesis.openapi.from_dict(document())


def test_every_route_is_in_the_document(application: Starlette) -> None:
    routes = [route for route in application.routes if isinstance(route, Route)]
    assert {f"{method} {route.path}" for route in routes for method in (route.methods or set()) - {"HEAD"}} == set(OPERATIONS)


def test_the_document_in_spec_is_up_to_date(root: Path) -> None:
    """If not: `python tools/openapi.py`."""
    assert json.loads((root / "spec/partner-openapi.json").read_text("utf-8")) == json.loads(json.dumps(document()))


def test_the_document_says_what_needs_the_key(platform: ServiceClient) -> None:
    del platform.headers["Authorization"]
    for name, operation in OPERATIONS.items():
        method, path = name.split(" ")
        answer = platform.request(method, path.replace("{match_id}", "0" * 32).replace("{screening_id}", "0" * 32))
        assert (answer.status_code == 401) == (path not in OPEN), name
        assert ("security" in document()["paths"][path][method.lower()]) == (path not in OPEN)
        assert ("match_id" in operation.in_path) == ("{match_id}" in path)


def test_each_webhook_is_in_the_document() -> None:
    assert set(document()["webhooks"]) == {*WebhookType, SCREEN_FINISHED}


def validated(interface: BaseSchema, label: str, answer: httpx.Response) -> httpx.Response:
    """Hold an answer against the document."""
    method, _, path = label.partition(" ")
    named = {name: "0" * 32 for name in ("match_id", "screening_id") if f"{{{name}}}" in path}
    case = interface[path][method].Case(path_parameters=named)
    case.validate_response(Response.from_httpx(answer, verify=False), checks=HELD)
    return answer


def test_real_answers_are_as_the_document_says(platform: ServiceClient, interface: BaseSchema, exchange: FakeExchange, root: Path) -> None:
    photograph = (root / PHOTOGRAPH).read_bytes()
    exchange.add("f", fingerprint_image(photograph).pdq)
    wait_until(lambda: health(platform).fingerprints == 1)
    said = {"Stillmine-Content-Id": "post 4711", "Stillmine-Uploader": "account 7"}
    (match,) = validated(interface, "POST /screen", platform.post("/screen", photograph, said)).json()["matches"]
    statuses = [platform.post("/screen/hook", sent) for sent in (photograph, (root / "media/clothing/hat.jpg").read_bytes(), b"x")]
    assert [validated(interface, "POST /screen/hook", answer).status_code for answer in statuses] == [451, 200, 202]
    review = b'{"version":1,"decision":"not_removed","reason":"not_the_same","vote":"disagree","vote_reason":"not_the_same"}'
    path = f"/matches/{match['match_id']}"
    answer = platform.post(f"{path}/review", review, {"Content-Type": "application/json"})
    assert validated(interface, "POST /matches/{match_id}/review", answer).status_code == 204
    assert validated(interface, "GET /matches/{match_id}", platform.get(path)).json()["decision"] == "not_removed"
    assert validated(interface, "GET /matches", platform.get("/matches?state=all&limit=5")).json()["matches"]
    later = validated(interface, "POST /screen", platform.post("/screen", photograph, {"Prefer": "respond-async"}))
    assert later.status_code == 202
    wait_until(lambda: platform.get(later.headers["location"]).status_code == 200)
    finished = validated(interface, "GET /screenings/{screening_id}", platform.get(later.headers["location"]))
    assert finished.json()["result"]["outcome"] == "match"
    for open_path in ("/health", "/livez", "/readyz", "/metrics"):
        assert validated(interface, f"GET {open_path}", platform.get(open_path)).status_code == 200
    wrong = platform.post(f"{path}/review", b"{}", {"Content-Type": "application/json"})
    assert validated(interface, "POST /matches/{match_id}/review", wrong).status_code == 400


def test_whatever_is_sent_is_answered_as_the_document_says(platform: ServiceClient, interface: BaseSchema) -> None:
    statuses: dict[str, set[int]] = defaultdict(set)
    for found in interface.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        for mode in modes(operation):

            @given(case=operation.as_strategy(generation_mode=mode))
            @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), database=None, derandomize=True, deadline=None)
            def send(case: Any) -> None:
                answer = sent(platform, case)
                statuses[case.operation.label].add(answer.status_code)
                assert answer.status_code < 500 or answer.status_code == 503
                case.validate_response(Response.from_httpx(answer, verify=False), checks=HELD)

            send()
    assert set(statuses) == set(OPERATIONS)
    assert all(200 in statuses[name] for name in OPERATIONS if name.startswith("GET") and "{" not in name)
    assert all(any(400 <= status < 500 for status in statuses[name]) for name in OPERATIONS if name.startswith("POST"))


def sent(platform: ServiceClient, case: Any) -> httpx.Response:
    """Send what was made, with a key that is right, so that it gets past the door."""
    made = case.as_transport_kwargs(base_url="http://partner.example")
    url = httpx.URL(made["url"], params=made.get("params") or None)
    headers = {name: value for name, value in made["headers"].items() if name.lower() not in {"authorization", "content-length"}}
    data = made.get("data")
    if data is None:
        data = json.dumps(made["json"]).encode() if "json" in made else _form(made.get("files"), headers)
    return platform.request(made["method"], url.raw_path.decode(), data.encode() if isinstance(data, str) else data, headers)


def _form(files: Any, headers: dict[str, Any]) -> bytes:
    """Write the parts of a form, which may be of any sort; none without any."""
    if not files:
        return b""
    headers["Content-Type"] = "multipart/form-data; boundary=edge"
    parts = (f'--edge\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n{part!r}\r\n' for part in files)
    return "".join(parts).encode() + b"--edge--\r\n"


def modes(operation: Any) -> Iterator[GenerationMode]:
    """What is forbidden can only be made where there is something to send."""
    yield GenerationMode.POSITIVE
    if operation.body or operation.query or operation.headers:
        yield GenerationMode.NEGATIVE
