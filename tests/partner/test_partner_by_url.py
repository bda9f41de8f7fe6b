# SPDX-License-Identifier: Apache-2.0
"""Screening by URL: only from where the operator said, and what did not come whole is never `no_match`."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path

import pytest
from msgspec.structs import replace

from stillmine.partner.fetching.allowed import AllowedSources
from stillmine.partner.ground.home import SERVICE_KEY_FILE
from stillmine.partner.service.app import Surroundings, build_service
from stillmine.wire.codec import decode
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import ScreenOutcome, ScreenResult
from tests.partner.fake_exchange import FakeExchange
from tests.partner.partner_parts import SETTINGS, Clock, Numbers
from tests.partner.service_client import ServiceClient, running
from tests.partner.test_partner_fetching import FILE, serving
from tests.partner.test_partner_service import refusal, wait_until

Platform = Callable[..., ServiceClient]


@pytest.fixture
def platform(home: Path, exchange: FakeExchange, clock: Clock) -> Iterator[Platform]:
    """Start a service that fetches from these places; the file that they give is protected."""
    exchange.add("f", sha256(FILE).digest(), Kind.SHA256)
    with ExitStack() as stack:

        def start(*fetch_from: str) -> ServiceClient:
            outside = Surroundings(clock=clock, random_bytes=Numbers(), transport=exchange.transport())
            client = stack.enter_context(running(build_service(home, SETTINGS, 0.2, 1, outside, sources=AllowedSources(fetch_from))))
            client.headers["Authorization"] = f"Bearer {(home / SERVICE_KEY_FILE).read_text().strip()}"
            wait_until(lambda: client.get("/health").status_code == 200)
            return client

        yield start


@pytest.fixture
def host() -> Iterator[str]:
    with serving() as (port, _):
        yield f"http://127.0.0.1:{port}"


def asked(url: str, **more: object) -> bytes:
    return json.dumps({"version": 1, "url": url, **more}).encode()


def screened(client: ServiceClient, url: str, **more: object) -> ScreenResult:
    answer = client.post("/screen/url", asked(url, **more))
    assert answer.status_code == 200, answer.text
    return decode(answer.content, ScreenResult)


def test_a_file_that_is_fetched_is_the_same_upload_as_one_that_is_sent(platform: Platform, host: str) -> None:
    client = platform(host)
    fetched = screened(client, f"{host}/file", content_id="post 7")
    sent = decode(client.post("/screen", FILE, {"Stillmine-Content-Id": "post 7"}).content, ScreenResult)
    assert fetched.outcome is ScreenOutcome.MATCH
    assert replace(fetched, synced_at=None) == replace(sent, synced_at=None)
    assert [match["content_id"] for match in client.get("/matches").json()["matches"]] == ["post 7"]


def test_what_did_not_come_whole_was_not_screened(platform: Platform, host: str) -> None:
    client = platform(host, "http://nobody.invalid:9")
    for url in (f"{host}/redirect", f"{host}/gone", f"{host}/zip", "http://nobody.invalid:9/"):
        result = screened(client, url, content_id="post 8")
        assert (result.outcome, result.reason, result.left_out, result.content_id) == (
            ScreenOutcome.NOT_SCREENED,
            "url_unreachable",
            ["url_unreachable"],
            "post 8",
        )
    assert client.get("/matches").json()["matches"] == []


def test_a_name_that_leads_inside_is_not_screened(platform: Platform) -> None:
    assert screened(platform("localhost"), "https://localhost/file").reason == "url_not_allowed"


def test_what_nobody_named_or_nobody_reads_is_refused(platform: Platform, host: str) -> None:
    client = platform(host)
    refusal(client.post("/screen/url", asked("http://169.254.169.254/latest")), 403, "url_not_allowed")
    refusal(client.post("/screen/url", asked(host.replace("127.0.0.1", "localhost"))), 403, "url_not_allowed")
    for body in (b"{}", asked(""), asked("x" * 5000), asked(host, more=1), asked(host, content_id=" "), FILE):
        refusal(client.post("/screen/url", body), 400, "malformed_message")
    another = {"Stillmine-Content-Id": "post 8"}
    refusal(client.post("/screen/url", asked(f"{host}/file", content_id="post 7"), another), 400, "malformed_message")


def test_the_address_is_in_no_log_and_no_file(platform: Platform, host: str, home: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "stillmine")
    client = platform(host)
    screened(client, f"{host}/file?secret-of-the-address")
    screened(client, f"{host}/gone?secret-of-the-address")
    assert "secret-of-the-address" not in caplog.text
    held = [file.name for file in home.iterdir() if b"secret-of-the-address" in file.read_bytes()]
    assert held == []


def test_hosts_that_hang_keep_no_upload_waiting(platform: Platform, host: str) -> None:
    """Each of these takes ten seconds to say a hundred letters: more at once than there are places for uploads."""
    client = platform(host)
    threads = [threading.Thread(target=client.post, args=("/screen/url", asked(f"{host}/slow")), daemon=True) for _ in range(31)]
    for thread in threads:
        thread.start()
    assert decode(client.post("/screen", FILE).content, ScreenResult).outcome is ScreenOutcome.MATCH
    assert any(thread.is_alive() for thread in threads), "they were still being fetched"
    for thread in threads:
        thread.join()
