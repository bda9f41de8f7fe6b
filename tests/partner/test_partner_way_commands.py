# SPDX-License-Identifier: Apache-2.0
"""The commands of a partner that asks, with an exchange over real HTTP: one look, no list, and files looked up there."""

import json
import socket
from pathlib import Path

import pytest

from stillmine.fingerprint import fingerprint_image
from stillmine.partner.store.store import Store
from stillmine.wire.errors import NotConfiguredError
from stillmine.wire.partner_errors import ListNotGivenError, ScopeMissingError
from stillmine.wire.screen import WayName
from tests.partner.fake_exchange import FakeExchange
from tests.partner.fake_regions import FakeRegions
from tests.partner.partner_parts import Run
from tests.partner.test_partner_commands import COAT, HAT, refused


@pytest.fixture
def url(exchange: FakeExchange, url: str) -> str:
    exchange.scopes = ["ask", "feedback", "submit"]
    exchange.regions = FakeRegions()
    return url


def test_files_are_looked_up_at_the_exchange_and_reported_with_the_next_sync(
    run: Run, exchange: FakeExchange, root: Path, home: Path
) -> None:
    coat, hat = root / COAT, root / HAT
    exchange.add("f", fingerprint_image(coat.read_bytes()).pdq)
    clear = run("screen", str(hat))
    assert (clear.exit_code, clear.stdout) == (0, f"{hat}: no match\n")
    stopped = run("screen", str(coat))
    assert stopped.exit_code == 1
    assert f"{coat}: match: near as original, one judge, match id " in stopped.stdout
    assert not any("feed" in request for request in exchange.requests)
    assert run("sync").stdout == "No list is kept: uploads are looked up at the exchange. 1 report sent.\n"
    report = json.loads(run("sync", "--json").stdout)
    assert (report["way"], report["pages"], report["feedback_sent"]) == ("ask", 0, 0)
    assert len(exchange.feedback) == 1
    exchange.withdraw("f")
    assert run("screen", str(coat)).exit_code == 0
    store = Store(home)
    assert store.way() is WayName.ASK
    store.close()


def test_files_that_can_not_be_looked_up_say_why(run: Run, exchange: FakeExchange, root: Path) -> None:
    coat = str(root / COAT)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{taken.getsockname()[1]}"
        away = run("screen", coat, STILLMINE_PARTNER_EXCHANGE=closed)
    assert (away.exit_code, away.stdout) == (2, f"{coat}: not screened [exchange_unreachable]\n")


def test_a_file_of_a_partner_that_asks_needs_the_exchange(run: Run, root: Path) -> None:
    assert run("sync").exit_code == 0
    refused(run("screen", str(root / COAT), STILLMINE_PARTNER_EXCHANGE=""), NotConfiguredError)
    refused(run("screen", str(root / COAT), "--way", "ask", STILLMINE_PARTNER_EXCHANGE=""), NotConfiguredError)


def test_a_way_that_is_not_given_is_an_error_that_says_so(run: Run, exchange: FakeExchange) -> None:
    refused(run("sync", "--way", "list"), ListNotGivenError)
    exchange.scopes = ["feedback"]
    refused(run("sync"), ScopeMissingError)
    refused(run("sync", "--way", "ask"), ScopeMissingError)


def test_a_sync_after_the_list_was_taken_away_erases_it(run: Run, exchange: FakeExchange, home: Path) -> None:
    value = bytes(range(40, 72))
    exchange.add("f", value)
    exchange.scopes = ["ask", "feedback", "list", "submit"]
    assert run("sync").stdout == "1 fingerprint added, 0 erased; 1 matched from now on.\n"
    exchange.scopes = ["ask", "feedback", "submit"]
    assert run("sync").stdout == "No list is kept: uploads are looked up at the exchange. 0 reports sent.\n"
    assert not any(value in path.read_bytes() for path in home.iterdir() if path.is_file())
    assert exchange.feedback == {}


def test_help_of_serve_names_the_ways(run: Run) -> None:
    said = run("serve", "--help", COLUMNS="200").stdout
    assert "--way" in said
    assert all(word in said for word in ("auto", "ask", "list", "both"))
