# SPDX-License-Identifier: Apache-2.0
"""A whole running system for one test: exchange with portal, partner, platform, as separate processes, on either database."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from stillmine.demo.person import Person
from stillmine.demo.processes import System, free_ports
from tests.journey import protected
from tests.journey.between import Between
from tests.journey.parties import PLATFORM, Exchange, Service, wait_until
from tests.journey.protected import Protected


@pytest.fixture
def system_folder(tmp_path: Path) -> Path:
    """Where everything that the running system keeps and logs lies."""
    folder = tmp_path / "system"
    folder.mkdir()
    return folder


@pytest.fixture
def system(system_folder: Path, fresh_database_url: str | None) -> Iterator[System]:
    environment = {"STILLMINE_EXCHANGE_DATABASE": fresh_database_url} if fresh_database_url else {}
    with System(system_folder, free_ports(0, 0, 0), environment) as running:
        yield running


@pytest.fixture
def photograph(root: Path) -> bytes:
    """The demo's photograph, as file bytes."""
    return (root / "media/skimage/rocket.jpg").read_bytes()


@pytest.fixture
def exchange(system_folder: Path, fresh_database_url: str | None) -> Iterator[Exchange]:
    """An exchange that serves, its index loaded, without partners."""
    with Exchange(system_folder, fresh_database_url) as running:
        running.start()
        yield running


@pytest.fixture
def between(exchange: Exchange) -> Iterator[Between]:
    """What the platform's service reaches the exchange through."""
    with Between(exchange.port) as relay:
        yield relay


@pytest.fixture
def asking(system_folder: Path, exchange: Exchange, between: Between) -> Iterator[Service]:
    """The service of a partner as `partner add` makes one, started as its platform starts it."""
    key = exchange.add_partner(PLATFORM)
    exchange.wait_for_index(key)
    with Service(system_folder, "service", between.url, key) as service:
        service.start()
        yield service


@pytest.fixture
def file(root: Path) -> Protected:
    """The photograph that is protected, and an altered copy of it."""
    return protected.photograph(root)


@pytest.fixture
def person(exchange: Exchange, asking: Service, file: Protected) -> Iterator[Person]:
    """Somebody whose photograph is protected by now."""
    with Person(exchange.url, secrets.token_bytes(10)) as someone:
        someone.open_case([file.fingerprint])
        wait_until(lambda: exchange.knows(asking.key, file.fingerprint))
        yield someone
