# SPDX-License-Identifier: Apache-2.0
"""An exchange as an operator runs it: real processes, a home of their own, either database."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.prepared_commands import run_command

COMMAND = [sys.executable, "-c", "from stillmine.cli import main; main()", "exchange"]


def wait_until(is_so: Callable[[], bool]) -> None:
    """Look until it is so: what was added is in the feed after the next tick."""
    give_up_at = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < give_up_at
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


@pytest.fixture
def served(operator: Operator, portal_folder: Path, tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes], Path]]:
    """A running exchange: its address, its process and its log."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path / "log"
    command = [*COMMAND, "serve", "--home", str(operator.home), "--port", str(port), "--portal", str(portal_folder), "--workers", "2"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=operator.environment)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            assert process.poll() is None, log.read_text()
            try:
                httpx.get(url, timeout=1)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield url, process, log
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)
