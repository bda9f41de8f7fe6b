# SPDX-License-Identifier: Apache-2.0
"""Forms and queries that can't be read are refused in words, and nothing of that is an error of ours in the log."""

import logging
import re

import httpx
import pytest

from stillmine.exchange.transaction.context import Context
from tests.exchange.console_parts import ORIGIN, Desk
from tests.exchange.exchange_parts import Clock, Phone, code

FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=here"
PART = b'--here\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
BROKEN = [
    pytest.param(FORM, b"name=" + b"x" * (256 * 1024), 413, id="too large"),
    pytest.param(PARTS, PART + b"x" * 300_000 + b"\r\n--here--\r\n", 413, id="large part"),
    pytest.param(FORM, b"&".join(b"a=1" for _ in range(30_000)), 400, id="too many fields"),
    pytest.param("multipart/form-data", b"no boundary", 400, id="no boundary"),
    pytest.param("multipart/form-data; boundary=" + "x" * 500, b"--x", 400, id="long boundary"),
    pytest.param(PARTS, b"--here\r\nContent-Disp", 403, id="a part cut off"),
    pytest.param(f"{FORM}; charset=utf-7", b"name=+AGE-", 400, id="utf-7"),
    pytest.param(f"{FORM}; charset=utf-16", b"name=a", 400, id="utf-16"),
]  # fmt: skip


@pytest.fixture(params=["/console/sign-in", "/console/enrol", "/console/partners/add"])
def path(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize(("content_type", "body", "status"), BROKEN)
def test_a_form_that_cannot_be_read_is_refused_in_words(
    exchange: Context, clock: Clock, caplog: pytest.LogCaptureFixture, path: str, content_type: str, body: bytes, status: int
) -> None:
    desk = Desk.beside(exchange, clock, "Nobody")
    answer = desk.web.post(path, content=body, headers={"Content-Type": content_type, "Origin": ORIGIN})
    assert answer.status_code == status
    assert "That did not work" in answer.text
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert desk.get("/console/sign-in").status_code == 200


def test_a_manager_meets_the_same(manager: Desk, caplog: pytest.LogCaptureFixture) -> None:
    token = re.search(r'csrfmiddlewaretoken" value="([^"]+)', manager.get("/console/partners/add").text)[1]  # type: ignore[index]
    body = f"csrfmiddlewaretoken={token}&".encode() + b"&".join(b"a=1" for _ in range(30_000))
    answer = manager.web.post("/console/partners/add", content=body, headers={"Content-Type": FORM, "Origin": ORIGIN})
    assert answer.status_code == 400
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert manager.is_signed_in()


@pytest.mark.parametrize("path", ["/api/v1/ledger/leaves", "/api/v1/ledger/consistency", "/console/sign-in"])
def test_a_query_of_too_many_fields_is_refused_in_words(web: httpx.Client, caplog: pytest.LogCaptureFixture, path: str) -> None:
    answer = web.get(f"{path}?" + "&".join("a=1" for _ in range(2000)))
    assert answer.status_code in {200, 400}
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_the_same_for_a_partner(phone: Phone, partner: object, caplog: pytest.LogCaptureFixture) -> None:
    answer = phone.web.get("/api/v1/feed?" + "&".join("a=1" for _ in range(2000)), headers=partner.headers)  # type: ignore[attr-defined]
    assert code(answer) == (400, "malformed_message")
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
