# SPDX-License-Identifier: Apache-2.0
"""An exchange as an operator runs it: real processes, a home of their own, either database."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

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
def served(operator: Operator, portal_folder: Path, tmp_path: Path) -> Iterator[Served]:
    """An exchange of one test's own."""
    with serving(operator, portal_folder, tmp_path / "log", "--workers", "2") as running:
        yield running
