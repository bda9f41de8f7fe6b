# SPDX-License-Identifier: Apache-2.0
"""The main job in a real browser, and the canary: nothing of the picture, its name, its EXIF or the person's address is left anywhere.

One journey serves both, because what it must not leave behind is only as good as how far it went.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from PIL import Image

from stillmine.demo.edits import altered_copies
from stillmine.demo.processes import System, free_ports
from stillmine.wire import codec
from stillmine.wire.case import OpenCase
from stillmine.wire.case_key import case_key_secret, credentials
from stillmine.wire.screen import ScreenOutcome, ScreenResult
from tests import plain_http
from tests.journey.marks import ADDRESS, FILE_NAME, MarkedPicture, files_with_marks, files_with_values, found_marks, marked_picture
from tests.journey.walk import Recorded, Shown, Walk
from tests.journey.wiretap import Wiretap

PATIENCE_SECONDS = 60

_BROWSER_HEADERS = {
    "accept",
    "accept-encoding",
    "accept-language",
    "authorization",
    "cache-control",
    "connection",
    "content-length",
    "content-type",
    "host",
    "origin",
    "pragma",
    "user-agent",
}


class Tapped(NamedTuple):
    """A running system with everything between browser, exchange and partner recorded."""

    system: System
    browser: Wiretap
    partner: Wiretap


@pytest.fixture
def tapped(system_folder: Path, fresh_database_url: str | None) -> Iterator[Tapped]:
    ports = free_ports(0, 0, 0)
    environment = {"STILLMINE_EXCHANGE_DATABASE": fresh_database_url} if fresh_database_url else {}
    with Wiretap(ports[0], ADDRESS) as browser, Wiretap(ports[0], "127.0.0.1") as partner:
        exchange_url = f"http://127.0.0.1:{partner.port}"
        with System(system_folder, ports, environment, exchange_url) as system:
            yield Tapped(system, browser, partner)


@pytest.fixture
def picture(photograph: bytes) -> MarkedPicture:
    return marked_picture(photograph)


def test_the_main_job_in_a_browser_leaves_nothing_behind(
    tapped: Tapped,
    picture: MarkedPicture,
    chromium_path: str,
    chromium_flags: list[str],
    tmp_path: Path,
    system_folder: Path,
    database_folder: Path | None,
) -> None:
    file = tmp_path / FILE_NAME
    file.write_bytes(picture.data)
    portal = f"http://127.0.0.1:{tapped.browser.port}"
    copy = next(copy for copy in altered_copies(picture.data) if copy.name == "half size").data
    upload = _uploader(tapped.system)

    with Walk(chromium_path, chromium_flags, portal) as walk:
        walk.choose_picture(file)
        shown = walk.keep_key_and_look()
        _assert_only_pages_were_fetched(walk.requests, tapped.browser)
        walk.send()
        _assert_sent_what_was_shown(walk.requests, shown)

        _wait(lambda: upload(copy) is ScreenOutcome.MATCH)
        walk.enter_case(shown.case_key)
        walk.wait_for_words("Found on Example Social")
        walk.withdraw()
        _wait(lambda: upload(copy) is ScreenOutcome.NO_MATCH)
        walk.wait_for_words("confirmed")
        told = walk.read_log()
        for words in ("given to \u2068Example Social\u2069.", "withdrawn.", "\u2068Example Social\u2069 was told to stop looking for it."):
            assert words in told

        _assert_stayed_at_home(walk.requests, portal)
        assert [line for line in walk.console if "favicon" not in line] == []

    for traffic in (tapped.browser.traffic, tapped.partner.traffic):
        assert found_marks(picture, traffic) == set()
        assert shown.case_key.encode() not in traffic
    tapped.system.stop()
    folders = [system_folder, *([database_folder] if database_folder else [])]
    assert list(files_with_marks(picture, *folders)) == []
    value = codec.decode(shown.body, OpenCase).fingerprints[0].value
    exchange = [system_folder / "exchange", system_folder / "exchange.log", *folders[1:]]
    assert files_with_values([value], *exchange) == []


def test_the_canary_would_sing(picture: MarkedPicture, tmp_path: Path) -> None:
    """Each mark is found where it is: otherwise finding none would mean nothing."""
    assert found_marks(picture, picture.data) >= {"EXIF", "file bytes"}

    pixels = Image.open(_written(tmp_path / "nested" / FILE_NAME, picture.data)).convert("RGB").tobytes()
    assert found_marks(picture, pixels) == {"pixels"}
    assert found_marks(picture, pixels.hex().encode()) == {"pixels"}
    assert found_marks(picture, f"peer {ADDRESS}".encode()) == {"address"}
    assert "canary-name-k7f3q9.jpg: file name" in set(files_with_marks(picture, tmp_path))


def _written(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def _uploader(system: System) -> Callable[[bytes], ScreenOutcome]:
    url = system.url("platform") + "/upload"
    return lambda data: codec.decode(plain_http.post(url, content=data, timeout=20).content, ScreenResult).outcome


def _wait(is_so: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < give_up_at, f"not so within {PATIENCE_SECONDS} seconds"
        time.sleep(0.3)


def _assert_only_pages_were_fetched(requests: list[Recorded], tap: Wiretap) -> None:
    """Before the person confirms, nothing but the portal's own files is asked for, and nothing is sent along."""
    assert requests
    for request in requests:
        assert request.method == "GET"
        assert request.body == b""
        assert "/api/" not in request.url
        assert "?" not in request.url
    for method in (b"POST ", b"PUT ", b"PATCH ", b"/api/v1/"):
        assert method not in tap.sent


def _assert_sent_what_was_shown(requests: list[Recorded], shown: Shown) -> None:
    [sent] = [request for request in requests if request.method != "GET"]
    assert urlsplit(sent.url).path == "/api/v1/case"
    assert sent.body == shown.body
    assert sent.headers["authorization"] == shown.authorization
    assert shown.authorization == credentials(case_key_secret(shown.case_key)).authorization()
    message = codec.decode(sent.body, OpenCase)
    assert len(message.fingerprints) == 1
    unexpected = {name for name in sent.headers if not name.startswith("sec-")} - _BROWSER_HEADERS
    assert unexpected == set(), "the browser's own headers, and nothing that the page adds but the two it shows"


def _assert_stayed_at_home(requests: list[Recorded], portal: str) -> None:
    for request in requests:
        assert request.url.startswith((portal, "blob:", "data:"))
        assert "cookie" not in request.headers
