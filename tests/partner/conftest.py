# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the partner's tests: a clock, a fake exchange, a home folder, and partners opened on it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from stillmine.partner.commands.service_commands import app
from stillmine.partner.screening.way_in_use import WayChoice
from stillmine.wire.screen import RegionsChoice
from tests.partner.asking_parts import AskingPartner
from tests.partner.fake_exchange import KEY, FakeExchange
from tests.partner.fake_regions import FakeRegions
from tests.partner.partner_parts import Clock, Partner, Run
from tests.partner.partner_region_parts import OWN, Open


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


@pytest.fixture
def media(root: Path) -> Path:
    return root / "media"


@pytest.fixture
def picture(media: Path) -> Image.Image:
    with Image.open(media / OWN) as image:
        return image.convert("RGB")


@pytest.fixture
def open_asking(home: Path, exchange: FakeExchange, clock: Clock) -> Iterator[Open]:
    """Open a partner in some way, with an exchange that knows regions."""
    opened: list[AskingPartner] = []

    def open_it(choice: WayChoice = WayChoice.ASK, regions: RegionsChoice = RegionsChoice.SMALL) -> AskingPartner:
        opened.append(AskingPartner(home, exchange, clock, choice, regions))
        assert opened[-1].round() is not None
        return opened[-1]

    exchange.regions = FakeRegions()
    yield open_it
    for partner in opened:
        partner.close()
