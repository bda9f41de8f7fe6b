# SPDX-License-Identifier: Apache-2.0
"""One configured exchange per test run, on the database that was asked for; every test starts with it empty."""

import random
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx
import pytest

from stillmine.exchange.settings.config import ExchangeConfig
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.web.app import configure, wsgi_application
from stillmine.wire.portal_list import PORTAL_LIST_NAME, list_of_folder
from tests.exchange.ask_parts import follower  # noqa: F401 (a fixture of its own module)
from tests.exchange.console_parts import indexed, manager  # noqa: F401 (fixtures of their own module)
from tests.exchange.exchange_parts import (
    PORTAL_NOT_FOUND,
    PORTAL_NOT_FOUND_IN_FINNISH,
    PORTAL_PAGE,
    Clock,
    PartnerClient,
    Phone,
    empty_all_tables,
    ticking,
)
from tests.exchange.served_exchange import migrated, migrated_operator, operator, served  # noqa: F401 (fixtures of their own module)


def own_database(url: str | None) -> str | None:
    """A database of this suite's own, so that no other suite finds its rows."""
    if url is None:
        return None
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE stillmine_exchange_tests")
    return urlunsplit(urlsplit(url)._replace(path="/stillmine_exchange_tests"))


@pytest.fixture(scope="session")
def portal_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("portal")
    (folder / "assets").mkdir()
    (folder / "index.html").write_text(PORTAL_PAGE)
    (folder / "404.html").write_text(PORTAL_NOT_FOUND)
    (folder / "fi").mkdir()
    (folder / "fi/404.html").write_text(PORTAL_NOT_FOUND_IN_FINNISH, encoding="utf-8")
    (folder / "assets" / "page.abc123.js").write_text("export {}")
    (folder / PORTAL_LIST_NAME).write_bytes(list_of_folder(folder))
    return folder


@pytest.fixture(scope="session")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def configured(database_url: str | None, clock: Clock, portal_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    home = tmp_path_factory.mktemp("exchange") / "home"
    config = ExchangeConfig(
        home=home,
        database_url=own_database(database_url),
        host_names=("exchange.example",),
        trusted_proxies=1,
        portal=portal_folder,
        console=True,
    )
    context = configure(config, clock, random.Random(20261122).randbytes, lambda: clock.uptime)
    from django.db import connections

    from stillmine.exchange.database.migrate import migrate

    migrate(context)
    yield context
    connections.close_all()


@pytest.fixture
def exchange(configured: Context, clock: Clock) -> Iterator[Context]:
    """The exchange's context, with nothing stored; its clock was looked at, as `serve` does when it starts."""
    from stillmine.exchange.clock.actions import look_at_clock

    empty_all_tables()
    clock.reset()
    look_at_clock(configured)
    yield configured
    from stillmine.exchange.fsck.findings import findings

    assert findings() == []


@pytest.fixture
def web(exchange: Context) -> Iterator[httpx.Client]:
    """HTTP straight into the whole application, headers and portal included; what was added is in the feed at once."""
    application = ticking(exchange, wsgi_application(exchange))
    transport = httpx.WSGITransport(application, raise_app_exceptions=True, remote_addr="203.0.113.7")
    with httpx.Client(transport=transport, base_url="http://exchange.example") as client:
        yield client


@pytest.fixture
def phone(web: httpx.Client) -> Phone:
    """A person's device with a case key of its own."""
    return Phone(web, secret=b"0123456789")


@pytest.fixture
def other_phone(web: httpx.Client) -> Phone:
    return Phone(web, secret=b"abcdefghij")


@pytest.fixture
def partner(exchange: Context, web: httpx.Client) -> PartnerClient:
    return PartnerClient.add(exchange, web, "Example Social")


@pytest.fixture
def other_partner(exchange: Context, web: httpx.Client) -> PartnerClient:
    return PartnerClient.add(exchange, web, "Example Forum")
