# SPDX-License-Identifier: Apache-2.0
"""Start the exchange, partners and their pretend platforms as real processes, and stop them again.

Everything they keep lies in one throwaway folder that goes when the demo ends; all secrets are made for this run.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import httpx

from stillmine.wire.errors import NotConfiguredError

START_SECONDS = 60
SYNC_SECONDS = 5
PUBLISH_SECONDS = 15
TICK_SECONDS = 2
"""Nobody in a demo waits two minutes for what they have just added to be in the feed."""


class Connected(NamedTuple):
    """A pretend platform: its public name, and the way in which the exchange serves its partner, `ask` or `list`."""

    name: str
    way: str

    @property
    def in_words(self) -> str:
        """How its partner looks uploads up."""
        return "asks the exchange" if self.way == "ask" else "has the exchange's list"


SOCIAL = Connected("Example Social", "ask")
FORUM = Connected("Example Forum", "list")
SOCIAL_WITH_LIST = Connected("Example Social", "list")


class System:
    """An exchange with its portal, and partners with one platform each; use it as a context manager.

    `folder` takes all that they keep and log; `environment` is added to theirs; partners reach the exchange at
    `exchange_url`, where that is not the exchange's own address. `ports`: one for the exchange, then two for each of `platforms`.
    """

    def __init__(
        self,
        folder: Path,
        ports: Sequence[int],
        environment: dict[str, str] | None = None,
        exchange_url: str | None = None,
        platforms: Sequence[Connected] = (SOCIAL_WITH_LIST,),
    ) -> None:
        self._folder = folder
        self._exchange_url = exchange_url
        own = {
            "STILLMINE_EXCHANGE_LEDGER_PUBLISH_EVERY_SECONDS": str(PUBLISH_SECONDS),
            "STILLMINE_EXCHANGE_FEED_TICK_SECONDS": str(TICK_SECONDS),
        }
        self.environment = {**os.environ, **own, **(environment or {})}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._platforms = tuple(platforms)
        parts = ["exchange", *(_part(kind, number) for number in range(len(self._platforms)) for kind in ("partner", "platform"))]
        self._ports = dict(zip(parts, ports, strict=True))

    def url(self, part: str, of: Connected | None = None) -> str:
        """Return the address of `exchange` (the portal is there too), `partner` or `platform`: of the first platform, or of another."""
        return f"http://127.0.0.1:{self._ports[part if of is None else _part(part, self._platforms.index(of))]}"

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
        home = self._folder / "exchange"
        self._run("exchange", "migrate", "--home", str(home))
        self._start("exchange", "serve", "--home", str(home), "--port", str(self._ports["exchange"]))
        self._wait_for("exchange", "/api/v1/case")
        keys = [self._key_file(connected, home, number) for number, connected in enumerate(self._platforms)]
        partners = [self._start_partner(number, key) for number, key in enumerate(keys)]
        for partner in partners:
            self._wait_for(partner, "/health")
        platforms = [self._start_platform(number) for number in range(len(self._platforms))]
        for platform in platforms:
            self._wait_for(platform, "/")

    def _key_file(self, connected: Connected, exchange_home: Path, number: int) -> Path:
        options = ["--way", connected.way, "--json", "--home", str(exchange_home)]
        added = self._run("exchange", "partner", "add", connected.name, *options)
        key_file = self._folder / f"{_part('partner', number)}.key"
        key_file.touch(mode=0o600)
        key_file.write_text(json.loads(added)["key"])
        return key_file

    def _start_partner(self, number: int, key_file: Path) -> str:
        part = _part("partner", number)
        settings = [
            "--home",
            str(self._folder / part),
            "--exchange",
            self._exchange_url or self.url("exchange"),
            "--key-file",
            str(key_file),
        ]
        self._start(part, "serve", *settings, "--port", str(self._ports[part]), "--sync-every", str(SYNC_SECONDS), command="partner")
        return part

    def _start_platform(self, number: int) -> str:
        partner, part, connected = _part("partner", number), _part("platform", number), self._platforms[number]
        settings = ["--partner", self.url(partner), "--service-key-file", str(self._folder / partner / "service.key")]
        shown = ["--name", connected.name, "--lookup", connected.in_words]
        self._start(part, "platform", *settings, *shown, "--port", str(self._ports[part]), command="demo")
        return part

    def _run(self, *arguments: str) -> str:
        done = subprocess.run([*_STILLMINE, *arguments], capture_output=True, text=True, check=False, env=self.environment)
        if done.returncode:
            raise NotConfiguredError(f"`stillmine {' '.join(arguments)}` said: {done.stderr.strip()}")
        return done.stdout

    def _start(self, part: str, *arguments: str, command: str | None = None) -> None:
        log = (self._folder / f"{part}.log").open("wb")
        process = subprocess.Popen([*_STILLMINE, command or part, *arguments], stdout=log, stderr=subprocess.STDOUT, env=self.environment)
        log.close()
        self._processes[part] = process

    def _wait_for(self, part: str, path: str) -> None:
        """Wait until a part answers at `path` (any answer but a failure to connect will do)."""
        give_up_at = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up_at:
            if self._processes[part].poll() is not None:
                break
            try:
                httpx.get(self.url(part) + path, timeout=2)
            except httpx.TransportError:
                time.sleep(0.1)
                continue
            return
        raise NotConfiguredError(f"the {part} did not start; it said: {(self._folder / f'{part}.log').read_text()[-2000:]}")


def _part(kind: str, number: int) -> str:
    """The name of a platform's process, log and folder; the first one's has no number."""
    return kind if number == 0 else f"{kind}-{number + 1}"


_STILLMINE = [sys.executable, "-c", "from stillmine.cli import main; main()"]


def free_ports(*wished: int) -> list[int]:
    """Return each wished port if nobody listens there, else (and for 0) any free one; no two are the same."""
    with contextlib.ExitStack() as held:  # until all are chosen: a port that was let go may be chosen again
        return [_held_port(held, port) for port in wished]


def _held_port(held: contextlib.ExitStack, wished: int) -> int:
    for port in (wished, 0):
        probe = held.enter_context(socket.socket())
        if port:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return int(probe.getsockname()[1])
    raise NotConfiguredError(f"no free port on this machine (process {os.getpid()})")
