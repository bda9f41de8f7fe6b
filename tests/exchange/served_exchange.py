# SPDX-License-Identifier: Apache-2.0
"""An exchange as an operator runs it: real processes, a home of their own, either database."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from stillmine.exchange.settings.file import SETTINGS_FILE
from tests import plain_http
from tests.prepared_commands import run_command

COMMAND = [sys.executable, "-c", "from stillmine.cli import main; main()", "exchange"]
PATIENCE_SECONDS = 240
"""No test is timed: this is when it is surely broken, on a machine that has ten times as much to do as it can."""


def wait_until(is_so: Callable[[], bool]) -> None:
    """Look until it is so: what was added is in the feed after the next tick."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < give_up_at, "it never happened"
        time.sleep(0.1)


class Operator:
    """Runs commands against one home."""

    def __init__(self, home: Path, database_url: str | None) -> None:
        self.home = home
        self.environment = {name: text for name, text in os.environ.items() if not name.startswith("STILLMINE_")}
        self.environment["STILLMINE_EXCHANGE_FEED_TICK_SECONDS"] = "1"
        if database_url:
            self.environment["STILLMINE_EXCHANGE_DATABASE"] = database_url

    def run(self, *arguments: str, expect: int = 0) -> str:
        done = run_command(["exchange", *arguments, "--home", str(self.home)], self.environment)
        assert done.returncode == expect, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout if expect == 0 else done.stdout + done.stderr


@pytest.fixture
def operator(tmp_path: Path, fresh_database_url: str | None) -> Operator:
    return Operator(tmp_path / "home", fresh_database_url)


class Migrated:
    """A home and a database as `migrate` leaves new ones, made once and copied: for tests of what comes after.

    Every copy has the same secret and the same keys.
    """

    def __init__(self, folder: Path, database_url: str | None) -> None:
        self._home, self._server, self._database = folder / "home", database_url, "migrated"
        url = None
        if database_url:
            url = urlsplit(database_url)._replace(path=f"/{self._database}").geturl()
            self._say(f"CREATE DATABASE {self._database}")
        Operator(self._home, url).run("migrate")

    def copy_to(self, operator: Operator) -> None:
        """Give a new home, and a database that holds nothing, what `migrate` would."""
        shutil.copytree(self._home, operator.home, ignore=shutil.ignore_patterns(SETTINGS_FILE))  # that file names the database
        if self._server:
            name = urlsplit(operator.environment["STILLMINE_EXCHANGE_DATABASE"]).path[1:]
            self._say(f'DROP DATABASE "{name}"', f'CREATE DATABASE "{name}" TEMPLATE {self._database}')

    def _say(self, *statements: str) -> None:
        import psycopg

        assert self._server
        with psycopg.connect(self._server, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory, database_url: str | None) -> Migrated:
    return Migrated(tmp_path_factory.mktemp("migrated"), database_url)


@pytest.fixture
def migrated_operator(operator: Operator, migrated: Migrated) -> Operator:
    """An operator who has run `migrate`, and nothing else."""
    migrated.copy_to(operator)
    return operator


Served = tuple[str, subprocess.Popen[bytes], Path]


def is_answering(url: str) -> bool:
    """Whether anybody answers there, whatever it is."""
    try:
        plain_http.get(url, timeout=10)
    except httpx.TransportError:
        return False
    return True


@contextmanager
def serving(operator: Operator, portal_folder: Path, log: Path, *options: str) -> Iterator[Served]:
    """A running exchange: its address, its process and its log."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = ["--home", str(operator.home), "--port", str(port), "--portal", str(portal_folder)]
    command = [*COMMAND, "serve", *settings, *options]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=operator.environment)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: process.poll() is not None or is_answering(url))
        assert process.poll() is None, log.read_text()
        yield url, process, log
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=PATIENCE_SECONDS)


@pytest.fixture
def served(migrated_operator: Operator, portal_folder: Path, tmp_path: Path) -> Iterator[Served]:
    """An exchange of one test's own."""
    with serving(migrated_operator, portal_folder, tmp_path / "log", "--workers", "2") as running:
        yield running
