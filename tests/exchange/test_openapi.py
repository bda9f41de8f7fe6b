# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI document says what the routes do, and nothing that it allows, or almost allows, makes the exchange fail."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode, Response
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.result import Ok
from schemathesis.schemas import BaseSchema

from stillmine.exchange.rows.scopes import Way
from stillmine.exchange.transaction.context import Context
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone, feedback_on, fingerprint, opening, value, vote_on
from tests.exchange.region_parts import SIDE, WHOLE, Picture, Upload, ask_regions, read

load_all_checks()
HELD = [
    CHECKS.get_one(name)
    for name in ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")
]


@pytest.fixture
def interface(exchange: Context) -> BaseSchema:
    from stillmine.exchange.web.openapi import document

    return schemathesis.openapi.from_dict(document())


def test_every_route_is_in_the_document(exchange: Context) -> None:
    from stillmine.exchange.web.openapi import OPERATIONS
    from stillmine.exchange.web.urls import ROUTES

    assert {f"{method} {route.path}" for route in ROUTES for method in route.views} == set(OPERATIONS)


def test_the_document_in_spec_is_up_to_date(exchange: Context, root: Path) -> None:
    """If not: `python tools/openapi.py`."""
    from stillmine.exchange.web.openapi import document

    assert json.loads((root / "spec/openapi.json").read_text("utf-8")) == json.loads(json.dumps(document()))


def test_the_document_names_the_scope_that_is_asked_for(exchange: Context, web: httpx.Client) -> None:
    """A key of an asking partner is refused exactly where the document names the list."""
    from stillmine.exchange.web.openapi import OPERATIONS
    from stillmine.exchange.web.urls import ROUTES, Caller

    asking = PartnerClient.add(exchange, web, "Example Forum", Way.ASK)
    for route in ROUTES:
        if route.caller in {Caller.PARTNER, Caller.STOPNCII_PARTNER}:
            for method in route.views:
                answer = web.request(method, f"/{route.path}", headers=asking.headers | asking.stopncii_headers)
                is_refused = answer.status_code == 403 and answer.json()["code"] == "list_not_given"
                assert is_refused == (OPERATIONS[f"{method} {route.path}"].scope == "list"), route.path


def test_whatever_is_sent_is_answered_as_the_document_says(interface: BaseSchema, caller: "Caller") -> None:
    send_all(interface, caller, examples=12)


@pytest.mark.long
def test_whatever_is_sent_is_answered_as_the_document_says_many_times(interface: BaseSchema, caller: "Caller") -> None:
    send_all(interface, caller, examples=1_000)


class Caller:
    """Sends with keys that are right, so that what is sent gets past the door."""

    def __init__(self, exchange: Context, web: httpx.Client, clock: Clock, codes: set[str]) -> None:
        self.web, self.clock, self.codes = web, clock, codes
        self.partner = PartnerClient.add(exchange, web, "Example Social")
        self.seen: Counter[tuple[str, int]] = Counter()
        self._secrets = iter(number.to_bytes(10, "big") for number in range(1_000))
        self.new_phone()

    def new_phone(self) -> None:
        """Somebody with a case of their own, when the network's limits have passed: what was sent before may have closed the last one."""
        self.clock.forward(minutes=11)
        self.phone = Phone(self.web, secret=next(self._secrets))
        self.phone.open(1)

    def send(self, case: Any) -> None:
        headers = self.phone.headers if case.path.startswith("/api/v1/case") else self.partner.headers | self.partner.stopncii_headers
        sent = case.as_transport_kwargs(base_url=str(self.web.base_url), headers=dict(headers))
        answer = self.web.request(
            sent["method"],
            sent["url"],
            params=sent.get("params"),
            headers={name: value for name, value in sent["headers"].items() if name.lower() != "content-length"},
            content=sent.get("data"),
            json=sent.get("json"),
        )
        self.seen[case.operation.label, answer.status_code] += 1
        if answer.status_code >= 400 and case.path != "/readyz":  # it says what is not ready with 503
            assert answer.json()["code"] in self.codes
        if answer.status_code != 503:
            case.validate_response(Response.from_httpx(answer, verify=False), checks=HELD)


def test_each_post_that_succeeds_answers_with_its_message(
    exchange: Context,
    phone: Phone,
    partner: PartnerClient,
    follower: Callable[[], None],
) -> None:
    """What is made at random rarely names something that is there, so each is sent once as it is meant."""
    from stillmine.exchange.web.openapi import OPERATIONS

    phone.open(1, 2)
    phone.post("case/fingerprints", {"version": 1, "fingerprints": [Picture(1).regions]})
    partner.sync()
    follower()
    entry, upload = min(partner.entries), Upload([(Picture(1), WHOLE)])
    seen = read(ask_regions(partner, upload))
    side = {"width": SIDE, "height": SIDE}
    hashes = [{"signalType": "ImagePDQ", "hashValue": value(20), "CSPFeedbacks": [{"feedbackValue": "Blocked", "tags": []}]}]
    said = [{"hashValue": value(1), "feedbackValue": "PendingReview", "tags": []}]
    bodies: dict[str, dict[str, Any]] = {
        "POST api/v1/case": opening(1, 2),
        "POST api/v1/case/fingerprints": {"version": 1, "fingerprints": [fingerprint(3)]},
        "POST api/v1/case/renew": {"version": 1},
        "POST api/v1/case/delay": {"version": 1, "is_on": False},
        "POST api/v1/case/withdraw/cancel": {"version": 1},
        "POST api/v1/feed/acknowledgements": {"version": 1, "cursor": partner.cursor},
        "POST api/v1/feedback": {"version": 1, "feedback": [feedback_on(entry, 1)]},
        "POST api/v1/votes": {"version": 1, "votes": [vote_on(entry, 1)]},
        "POST api/v1/ask": {"version": 1, "queries": [{"kind": "pdq", "value": value(1)}]},
        "POST api/v1/ask/regions": {"version": 1, **side, "views": [upload.view()]},
        "POST api/v1/ask/regions/look": {"version": 1, "look": seen.look, "hashes": upload.hashes_at(seen.places)},
        "POST api/v1/submissions": {"version": 1, "fingerprints": [fingerprint(9)]},
        "POST api/v1/submissions/withdraw": {"version": 1, "fingerprint_ids": [entry]},
        "POST stopncii/v1/SubmitHashes": {"count": 1, "hashRecords": hashes},
        "POST stopncii/v1/SubmitFeedback": {"count": 1, "hashFeedbacks": said},
        "POST api/v1/case/withdraw": {"version": 1},
    }
    assert set(bodies) == {name for name in OPERATIONS if name.startswith("POST")}
    for name, body in bodies.items():
        headers = phone.headers if name.startswith("POST api/v1/case") else partner.headers | partner.stopncii_headers
        answer = phone.web.post("/" + name.removeprefix("POST "), json=body, headers=headers)
        assert answer.is_success, (name, answer.text)
        messages = [part for part in OPERATIONS[name].answers[answer.status_code] if not isinstance(part, str)]
        assert [msgspec.json.decode(answer.content, type=message) for message in messages] or answer.content == b"", name


@pytest.fixture
def caller(exchange: Context, web: httpx.Client, clock: Clock, root: Path) -> Caller:
    return Caller(
        exchange, web, clock, set(re.findall(r"^\| `([a-z0-9_]+)` \|", (root / "docs/errors.md").read_text("utf-8"), re.MULTILINE))
    )


def send_all(interface: BaseSchema, caller: Caller, examples: int) -> None:
    """Send what the document allows of each operation, and what it forbids."""
    labels = []
    for found in interface.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        labels.append(operation.label)
        for mode in modes(operation):
            caller.new_phone()
            if operation.path == "/api/v1/case/receipt":
                caller.phone.withdraw()

            @given(case=operation.as_strategy(generation_mode=mode))
            @settings(max_examples=examples, suppress_health_check=list(HealthCheck), database=None, derandomize=examples < 100)
            def send(case: Any) -> None:
                caller.send(case)

            send()
    statuses = {label: {status for seen, status in caller.seen if seen == label} for label in labels}
    assert [label for label in labels if label.startswith("GET") and 200 not in statuses[label]] == ["GET /readyz"], "no upkeep runs here"
    assert [label for label in labels if label.startswith("POST") and not any(400 <= status < 600 for status in statuses[label])] == []


def modes(operation: Any) -> Iterator[GenerationMode]:
    """What is forbidden can only be made where there is something to send."""
    yield GenerationMode.POSITIVE
    if operation.body or operation.query or operation.headers:
        yield GenerationMode.NEGATIVE
