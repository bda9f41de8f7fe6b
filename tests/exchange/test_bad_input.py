# SPDX-License-Identifier: Apache-2.0
"""What is sent wrong gets a stable code and a sentence, and leaves nothing behind."""

import io
import logging
from typing import Any

import httpx
import pytest

from stillmine.exchange.transaction.context import Context
from stillmine.exchange.web.app import wsgi_application
from stillmine.wire.case import MAXIMUM_CASE_MESSAGE_BYTES
from tests.exchange.exchange_parts import ADULT, PartnerClient, Phone, code, fingerprint, opening, value

WRONG_OPENINGS: list[tuple[object, int, str]] = [
    (b"", 400, "malformed_message"),
    (b"{", 400, "malformed_message"),
    (b"\xff\xfe", 400, "malformed_message"),
    (b"[]", 400, "malformed_message"),
    (b"null", 400, "malformed_message"),
    ({}, 400, "malformed_message"),
    (opening(1, version=2), 400, "malformed_message"),
    (opening(1, file_name="picture.jpg"), 400, "malformed_message"),
    (opening(1, term_months=0), 400, "malformed_message"),
    (opening(1, term_months=25), 400, "malformed_message"),
    (opening(1, statement={"role": "person"}), 400, "malformed_message"),
    (opening(1, statement={**ADULT, "name": "Example"}), 400, "malformed_message"),
    (opening(1, fingerprints=[{**fingerprint(1), "note": "x"}]), 400, "malformed_message"),
    (opening(1, fingerprints=[{**fingerprint(1), "quality": 101}]), 400, "malformed_message"),
    (opening(1, fingerprints=[{**fingerprint(1), "kind": "picture"}]), 400, "malformed_message"),
    (opening(1, fingerprints=[{**fingerprint(1), "value": value(1)[:-1]}]), 422, "fingerprint_malformed"),
    (opening(1, fingerprints=[{**fingerprint(1), "value": value(1) + "0"}]), 422, "fingerprint_malformed"),
    (opening(1, fingerprints=[{**fingerprint(1), "value": value(171).upper()}]), 422, "fingerprint_malformed"),
    (opening(1, fingerprints=[{**fingerprint(1), "kind": "regions"}]), 422, "fingerprint_malformed"),
    (opening(1, fingerprints=[{**fingerprint(1), "kind": "md5"}]), 422, "fingerprint_malformed"),
    (opening(1, fingerprints=[{**fingerprint(1), "file_number": 0}]), 400, "malformed_message"),
    (opening(1, fingerprints=[{**fingerprint(1), "file_number": 101}]), 400, "malformed_message"),
    (opening(1, fingerprints=[fingerprint(1), fingerprint(2, quality=49)]), 422, "quality_too_low"),
    (opening(1, fingerprints=[]), 422, "too_many_fingerprints"),
    (opening(*range(301)), 422, "too_many_fingerprints"),
    (b" " * (MAXIMUM_CASE_MESSAGE_BYTES + 1), 413, "message_too_large"),
]


@pytest.mark.parametrize(("body", "status", "expected"), WRONG_OPENINGS)
def test_a_wrong_opening_is_refused_and_leaves_nothing(phone: Phone, body: object, status: int, expected: str) -> None:
    from stillmine.exchange.rows.cases import Case, Fingerprint
    from stillmine.exchange.rows.feed import Change

    content: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {"json": body}
    headers = {**phone.headers, "Content-Type": "application/json"}
    answer = phone.web.post("/api/v1/case", headers=headers, **content)
    assert code(answer) == (status, expected)
    assert set(answer.json()) == {"code", "message", "detail"}
    assert "picture.jpg" not in answer.text
    assert [model.objects.count() for model in (Case, Fingerprint, Change)] == [0, 0, 0]


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx", ""]
)
def test_only_json_is_taken(phone: Phone, content_type: str) -> None:
    answer = phone.web.post("/api/v1/case", content=b"{}", headers={**phone.headers, "Content-Type": content_type})
    assert code(answer) == (400, "malformed_message")


def test_json_may_name_its_charset(phone: Phone) -> None:
    answer = phone.post("case", opening(1), **{"Content-Type": "application/json; charset=utf-8"})
    assert answer.status_code == 201


class EndlessBody(io.RawIOBase):
    """A body that never ends; counts what was read of it."""

    def __init__(self) -> None:
        self.read_bytes = 0

    def read(self, size: int = -1) -> bytes:
        assert size > 0
        part = min(size, 1000)
        self.read_bytes += part
        return b" " * part


@pytest.mark.parametrize(
    ("length", "most_read", "expected"),
    [
        (None, MAXIMUM_CASE_MESSAGE_BYTES + 1, (413, "message_too_large")),
        (str(MAXIMUM_CASE_MESSAGE_BYTES + 1), 0, (413, "message_too_large")),
        ("9" * 30, 0, (413, "message_too_large")),
        ("-1", 0, (400, "malformed_message")),
        ("many", 0, (400, "malformed_message")),
        ("5", 5, (400, "malformed_message")),
    ],
)
def test_bodies_are_bounded_before_and_while_they_are_read(
    exchange: Context, phone: Phone, length: str | None, most_read: int, expected: tuple[int, str]
) -> None:
    body = EndlessBody()
    answered: list[str] = []
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/api/v1/case",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "HTTP_HOST": "exchange.example",
        "CONTENT_TYPE": "application/json",
        "HTTP_AUTHORIZATION": phone.headers["Authorization"],
        "REMOTE_ADDR": "203.0.113.7",
        "wsgi.input": body,
        "wsgi.url_scheme": "http",
        **({} if length is None else {"CONTENT_LENGTH": length}),
    }
    parts = wsgi_application(exchange)(environ, lambda status, *_: answered.append(status))  # type: ignore[arg-type]
    content = b"".join(parts).decode()
    assert (int(answered[0].split()[0]), expected[1] in content) == (expected[0], True)
    assert body.read_bytes <= most_read


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/api/v1/case", "GET, OPTIONS, POST"),
        ("HEAD", "/api/v1/feed", "GET, OPTIONS"),
        ("GET", "/api/v1/case/withdraw", "OPTIONS, POST"),
        ("DELETE", "/stopncii/v1/FetchHashes", "GET, OPTIONS"),
    ],
)
def test_other_methods(web: httpx.Client, method: str, path: str, allow: str) -> None:
    answer = web.request(method, path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, allow)
    if method != "HEAD":
        assert code(answer) == (405, "method_not_allowed")


def test_options_says_what_there_is_and_opens_to_no_other_origin(web: httpx.Client) -> None:
    answer = web.options("/api/v1/case", headers={"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"})
    assert (answer.status_code, answer.headers["Allow"]) == (204, "GET, OPTIONS, POST")
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", ["/api/v1/", "/api/v2/case", "/api/v1/case/", "/stopncii/v1/fetchhashes", "/api/%00"])
def test_wrong_addresses_are_json(web: httpx.Client, path: str) -> None:
    answer = web.get(path)
    assert code(answer) == (404, "not_found")
    assert answer.headers["Content-Type"] == "application/json"


def test_another_host_name_is_refused(web: httpx.Client) -> None:
    assert code(web.get("/api/v1/case", headers={"Host": "elsewhere.example"})) == (400, "malformed_message")
    assert code(web.get("/api/v1/case", headers={"Host": "exchange.example:8443"})) == (401, "case_key_missing")


def test_an_accident_tells_neither_caller_nor_log_what_was_sent(
    phone: Phone, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from stillmine.exchange.protection import actions
    from stillmine.exchange.rows.cases import Case

    def fail(ids: list[str], *_: object) -> None:
        raise RuntimeError(f"canary {ids} {value(1)}")

    monkeypatch.setattr(actions, "append_changes", fail)
    monkeypatch.setattr(logging.getLogger("stillmine"), "propagate", True)
    answer = phone.post("case", opening(1))
    assert code(answer) == (500, "internal_error")
    assert not Case.objects.exists()
    assert "RuntimeError in" in caplog.text
    assert "cases.open" in caplog.text
    for text in (answer.text, caplog.text):
        assert "canary" not in text
        assert value(1) not in text


def test_a_refused_addition_adds_nothing(phone: Phone) -> None:
    before = phone.open(1)
    body = {"version": 1, "fingerprints": [fingerprint(2), fingerprint(3, quality=10)]}
    assert code(phone.post("case/fingerprints", body)) == (422, "quality_too_low")
    assert phone.show() == before


def test_errors_of_partners_are_the_same_shape(partner: PartnerClient) -> None:
    answer = partner.web.post(
        "/api/v1/feed/acknowledgements", content=b"{", headers={**partner.headers, "Content-Type": "application/json"}
    )
    assert code(answer) == (400, "malformed_message")
