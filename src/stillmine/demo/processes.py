# SPDX-License-Identifier: Apache-2.0
"""Start the exchange, the partner and the pretend platform as real processes, and stop them again.

Everything they keep lies in one throwaway folder that goes when the demo ends; all secrets are made for this run.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

import httpx

from stillmine.demo.platform import PLATFORM_NAME
from stillmine.wire.errors import NotConfiguredError

START_SECONDS = 60
SYNC_SECONDS = 5
PUBLISH_SECONDS = 15
TICK_SECONDS = 2
"""Nobody in a demo waits two minutes for what they have just added to be in the feed."""


class System:
    """An exchange with its portal, one partner and one platform; use it as a context manager.

    `folder` takes all that they keep and log; `environment` is added to theirs; the partner reaches the exchange at
    `exchange_url`, where that is not the exchange's own address.
    """

    def __init__(
        self, folder: Path, ports: tuple[int, int, int], environment: dict[str, str] | None = None, exchange_url: str | None = None
    ) -> None:
        self._folder = folder
        self._exchange_url = exchange_url
        own = {
            "STILLMINE_EXCHANGE_LEDGER_PUBLISH_EVERY_SECONDS": str(PUBLISH_SECONDS),
            "STILLMINE_EXCHANGE_FEED_TICK_SECONDS": str(TICK_SECONDS),
        }
        self.environment = {**os.environ, **own, **(environment or {})}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._ports = dict(zip(("exchange", "partner", "platform"), ports, strict=True))

    def url(self, part: str) -> str:
        """Return the address of `exchange` (the portal is there too), `partner` or `platform`."""
        return f"http://127.0.0.1:{self._ports[part]}"

    def __enter__(self) -> "System":
        try:
            self._start_all()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """Ask every process to stop, then insist."""
        for process in reversed(self._processes.values()):
            process.send_signal(signal.SIGTERM)
        for process in self._processes.values():
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes.clear()

    def _start_all(self) -> None:
        exchange_home, partner_home = self._folder / "exchange", self._folder / "partner"
        self._run("exchange", "migrate", "--home", str(exchange_home))
        self._start("exchange", "/api/v1/case", "serve", "--home", str(exchange_home), "--port", str(self._ports["exchange"]))
        added = self._run("exchange", "partner", "add", PLATFORM_NAME, "--way", "list", "--json", "--home", str(exchange_home))
        key_file = self._folder / "partner.key"
        key_file.touch(mode=0o600)
        key_file.write_text(json.loads(added)["key"])
        settings = ["--home", str(partner_home), "--exchange", self._exchange_url or self.url("exchange"), "--key-file", str(key_file)]
        self._start("partner", "/health", "serve", *settings, "--port", str(self._ports["partner"]), "--sync-every", str(SYNC_SECONDS))
        service_key = str(partner_home / "service.key")
        settings = ["--partner", self.url("partner"), "--service-key-file", service_key]
        self._start("platform", "/", "platform", *settings, "--port", str(self._ports["platform"]), command="demo")

    def _run(self, *arguments: str) -> str:
        done = subprocess.run([*_STILLMINE, *arguments], capture_output=True, text=True, check=False, env=self.environment)
        if done.returncode:
            raise NotConfiguredError(f"`stillmine {' '.join(arguments)}` said: {done.stderr.strip()}")
        return done.stdout

    def _start(self, part: str, path: str, *arguments: str, command: str | None = None) -> None:
        """Start a part and wait until it answers at `path` (any answer but a failure to connect will do)."""
        log = (self._folder / f"{part}.log").open("wb")
        process = subprocess.Popen([*_STILLMINE, command or part, *arguments], stdout=log, stderr=subprocess.STDOUT, env=self.environment)
        log.close()
        self._processes[part] = process
        give_up_at = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up_at:
            if process.poll() is not None:
                break
            try:
                httpx.get(self.url(part) + path, timeout=2)
            except httpx.TransportError:
                time.sleep(0.1)
                continue
            return
        raise NotConfiguredError(f"the {part} did not start; it said: {(self._folder / f'{part}.log').read_text()[-2000:]}")


_STILLMINE = [sys.executable, "-c", "from stillmine.cli import main; main()"]


def free_port(wished: int) -> int:
    """Return the wished port if nobody listens there, else any free one."""
    for port in (wished, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise NotConfiguredError(f"no free port on this machine (process {os.getpid()})")
