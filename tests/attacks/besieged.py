# SPDX-License-Identifier: Apache-2.0
"""An exchange as an operator runs it, to be attacked: real processes, started, killed and started again on one home and one port."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

from tests import plain_http
from tests.exchange.exchange_parts import Phone

COMMAND = [sys.executable, "-c", "from stillmine.cli import main; main()", "exchange"]
AT_ANOTHER_TIME = Path(__file__).with_name("serve_at.py")
SECONDS = 20


class Besieged:
    """Every attack ends with `holds`: it answers, what is stored holds together, and its log names no accident."""

    def __init__(self, folder: Path, database_url: str | None, portal: Path) -> None:
        self.home, self.log, self._portal = folder / "home", folder / "log", portal
        self.database_url = database_url
        self.environment = {name: text for name, text in os.environ.items() if not name.startswith("STILLMINE_")}
        if database_url:
            self.environment["STILLMINE_EXCHANGE_DATABASE"] = database_url
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, seconds_ahead: int = 0) -> None:
        """Serve with two workers, by a clock that is so far ahead, and wait until it answers."""
        options = ["--home", str(self.home), "--port", str(self.port), "--portal", str(self._portal), "--workers", "2"]
        serve = [sys.executable, str(AT_ANOTHER_TIME), f"--seconds-ahead={seconds_ahead}"] if seconds_ahead else [*COMMAND, "serve"]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen([*serve, *options], stdout=output, stderr=subprocess.STDOUT, env=self.environment)
        ends = time.monotonic() + 120
        while not self.is_answering(2):
            assert self.process.poll() is None, self.written()
            assert time.monotonic() < ends, self.written()
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop it as an operator does."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(60) == 0

    def kill(self) -> None:
        """End it and all that it started as a power cut would."""
        assert self.process is not None
        for pid in [self.process.pid, *self.children()]:
            os.kill(pid, signal.SIGKILL)
        self.process.wait(60)

    def children(self) -> list[int]:
        """The processes that `serve` started."""
        assert self.process is not None
        found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True, check=False)
        return [int(word) for word in found.stdout.split()]

    def is_answering(self, seconds: float = SECONDS) -> bool:
        try:
            return plain_http.get(f"{self.url}/api/v1/statistics", timeout=seconds).status_code == 200
        except httpx.TransportError:
            return False

    def run(self, *arguments: str) -> str:
        """Run a command of the operator's."""
        command = [*COMMAND, *arguments, "--home", str(self.home)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=self.environment, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def web(self, seconds: float = SECONDS) -> httpx.Client:
        return plain_http.Client(base_url=self.url, timeout=seconds)

    def opens_and_withdraws(self, secret: bytes) -> None:
        """Do what the whole thing is for."""
        with self.web() as web:
            phone = Phone(web, secret)
            phone.open(secret[0], secret[1])
            assert phone.withdraw().state == "withdrawn"

    def written(self) -> str:
        return self.log.read_text()

    def holds(self) -> None:
        assert self.is_answering(), self.written()
        self.opens_and_withdraws(os.urandom(10))
        assert self.run("fsck") == "Everything is consistent.\n"
        assert "Traceback" not in self.written()
