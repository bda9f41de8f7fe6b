# SPDX-License-Identifier: Apache-2.0
"""Leader and followers as real processes on this machine, and a small load balancer that looks at `/readyz`."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx

from stillmine.partner.ground.home import SERVICE_KEY_FILE
from tests import plain_http
from tests.partner.fake_exchange import KEY, FakeExchange
from tests.partner.test_partner_commands import free_port

SHORTER = """
from stillmine.partner.instances import copies, followers, lease
copies.WAIT_SECONDS = 1.0
lease.Lease.__init__.__defaults__ = ({lease},)
followers.Followers.__init__.__defaults__ = ({forgotten},)
{more}
from stillmine.cli import main
main()
"""


class Instance:
    """One process of a partner."""

    def __init__(self, house: "House", home: Path, options: Sequence[str], more: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.home = home
        self._house = house
        self._options = options
        self._more = more
        self.client = plain_http.Client(base_url=self.url, trust_env=False, timeout=20)
        self.start()

    def start(self) -> None:
        """Start it, or start it again at the same address."""
        self.home.mkdir(mode=0o700, exist_ok=True)
        program = SHORTER.format(lease=self._house.lease_seconds, forgotten=self._house.lease_seconds * 65 / 60, more=self._more)
        settings = [
            "partner",
            "serve",
            "--home",
            str(self.home),
            "--exchange",
            self._house.exchange.url,
            "--port",
            str(self.port),
            "--threads",
            "1",
        ]
        command = [sys.executable, "-c", program, *settings, *self._options]
        with (self._house.folder / f"{self.home.name}.log").open("a") as log:
            self.process = subprocess.Popen(command, env={**os.environ, "STILLMINE_PARTNER_KEY": KEY}, stdout=log, stderr=log)

    def is_ready(self) -> bool:
        with suppress(httpx.TransportError):
            return self.client.get("/readyz").status_code == 200
        return False

    def until_ready(self) -> "Instance":
        until(self.is_ready, lambda: f"{self.home.name} ready\n{self.log()}")
        return self

    def screen(self, data: bytes, **more: str) -> httpx.Response:
        """Screen the bytes of a file; `more` are headers, with their hyphens as underscores."""
        headers = {name.replace("_", "-"): word for name, word in more.items()}
        return self.client.post("/screen", content=data, headers={**self._house.authorization(), **headers})

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path, headers=self._house.authorization())

    def log(self) -> str:
        return (self._house.folder / f"{self.home.name}.log").read_text()

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def stop(self) -> None:
        self.send(signal.SIGTERM)
        self.process.wait(30)

    def end(self) -> None:
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()
        self.client.close()


class House:
    """A leader, with `more` options, and those who follow it; `lease_seconds` is shorter than in earnest."""

    def __init__(self, folder: Path, exchange: FakeExchange, stack: ExitStack, lease_seconds: float = 60, *more: str) -> None:
        self.folder = folder
        self.exchange = exchange
        self.lease_seconds = lease_seconds
        self._stack = stack
        self.key_file = folder / "instances.key"
        self.leader = self._instance("leader", ["--instances-key-file", str(self.key_file), "--sync-every", "1", *more])
        self.leader.until_ready()

    def follower(self, name: str, more: str = "", url: str | None = None, key_file: Path | None = None) -> Instance:
        options = ["--follow", url or self.leader.url, "--follow-key-file", str(key_file or self.key_file)]
        return self._instance(name, options, more)

    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {(self.folder / 'leader' / SERVICE_KEY_FILE).read_text().strip()}"}

    def _instance(self, name: str, options: Sequence[str], more: str = "") -> Instance:
        instance = Instance(self, self.folder / name, options, more)
        self._stack.callback(instance.end)
        return instance


class Balancer:
    """Asks each instance in turn whether it is ready, and gives each upload to one that last said yes."""

    def __init__(self, instances: Sequence[Instance], authorization: dict[str, str]) -> None:
        self._instances = instances
        self._authorization = authorization
        self._ready: set[str] = {instance.url for instance in instances}
        self._turn = 0
        self._stopping = threading.Event()
        self.answers: list[tuple[int, str]] = []
        self._threads = [threading.Thread(target=self._look, daemon=True)]

    def start(self, uploads: Sequence[bytes], clients: int = 2) -> None:
        self._threads += [threading.Thread(target=self._send, args=(uploads,), daemon=True) for _ in range(clients)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(30)

    def _look(self) -> None:
        while not self._stopping.wait(0.2):
            for instance in self._instances:
                is_ready = False
                with suppress(httpx.TransportError):
                    is_ready = plain_http.get(f"{instance.url}/readyz", trust_env=False, timeout=5).status_code == 200
                (self._ready.add if is_ready else self._ready.discard)(instance.url)

    def _send(self, uploads: Sequence[bytes]) -> None:
        number = 0
        while not self._stopping.wait(0.02):
            ready = [instance.url for instance in self._instances if instance.url in self._ready]
            self._turn += 1
            if not ready:
                self.answers.append((0, "nobody is ready"))
                continue
            url = ready[self._turn % len(ready)]
            try:
                answer = plain_http.post(
                    f"{url}/screen", content=uploads[number % len(uploads)], headers=self._authorization, timeout=30, trust_env=False
                )
                self.answers.append((answer.status_code, answer.json().get("outcome", answer.text)))
            except httpx.TransportError as error:
                self.answers.append((0, f"{url} {type(error).__name__}"))
            number += 1


def until(holds: Callable[[], bool], what: Callable[[], str] | str, seconds: float = 180) -> None:
    """Wait for something to hold."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, what if isinstance(what, str) else what()
        time.sleep(0.05)
