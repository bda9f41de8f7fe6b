# SPDX-License-Identifier: Apache-2.0
"""Each attack on both databases in one run: `pytest -m long tests/attacks`. PostgreSQL is this suite's own, as it is stopped and frozen."""

import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.attacks.besieged import Besieged
from tests.attacks.frozen import PostgreSQL


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    with tempfile.TemporaryDirectory(prefix="stillmine-attacks-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # started as root, PostgreSQL runs as another user
        server = PostgreSQL(Path(folder) / "data")
        try:
            yield server
        finally:
            server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_address(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """An empty database for one attack; None for SQLite."""
    if request.param == "sqlite":
        yield None
        return
    import psycopg

    server: PostgreSQL = request.getfixturevalue("postgresql")
    name = f"attacked_{secrets.token_hex(6)}"
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield urlsplit(server.url)._replace(path=f"/{name}").geturl()
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def portal(tmp_path: Path) -> Path:
    folder = tmp_path / "portal"
    folder.mkdir()
    (folder / "index.html").write_text("<!doctype html><title>start</title>")
    (folder / "large.wasm").write_bytes(b"a" * 8 * 1024 * 1024)
    return folder


@pytest.fixture
def besieged(tmp_path: Path, database_address: str | None, portal: Path) -> Iterator[Besieged]:
    """A running exchange; after the attack it must hold."""
    exchange = Besieged(tmp_path, database_address, portal)
    exchange.start()
    try:
        yield exchange
        exchange.holds()
        exchange.stop()
    finally:
        if exchange.process is not None and exchange.process.poll() is None:
            exchange.kill()
