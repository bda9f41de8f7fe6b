# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the partner's tests: a clock, a fake exchange, a home folder, and partners opened on it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from stillmine.partner.commands.service_commands import app
from tests.partner.fake_exchange import KEY, FakeExchange
from tests.partner.partner_parts import Clock, Partner, Run


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def exchange() -> FakeExchange:
    return FakeExchange()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def open_partner(home: Path, exchange: FakeExchange, clock: Clock) -> Iterator[Callable[[], Partner]]:
    """Open a partner on the home folder; opening again is a restart after a crash."""
    opened: list[Partner] = []

    def open_it(key: str = KEY) -> Partner:
        opened.append(Partner(home, exchange, clock, key))
        return opened[-1]

    yield open_it
    for partner in opened:
        partner.close()


@pytest.fixture
def partner(open_partner: Callable[[], Partner]) -> Partner:
    return open_partner()


@pytest.fixture
def url(exchange: FakeExchange) -> Iterator[str]:
    """Where the exchange can be reached over HTTP."""
    with exchange.serving() as address:
        yield address


@pytest.fixture
def run(home: Path, url: str) -> Run:
    """Run a command with home, exchange and key in its environment."""
    environment = {"STILLMINE_PARTNER_HOME": str(home), "STILLMINE_PARTNER_EXCHANGE": url, "STILLMINE_PARTNER_KEY": KEY}

    def run_it(*arguments: str, **more: str) -> Result:
        return CliRunner().invoke(app, list(arguments), env={**environment, **more})

    return run_it
