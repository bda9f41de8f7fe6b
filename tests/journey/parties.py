# SPDX-License-Identifier: Apache-2.0
"""The two sides of a platform that screens, each as its own processes on a home and a port that stay: an exchange and a partner's service.

Each can be stopped, killed and started again at any moment. What a test starts here it ends here: each side is a process group of its own.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from stillmine.demo.processes import free_ports
from stillmine.wire import codec
from stillmine.wire.ask import AskAnswer, Outcome
from stillmine.wire.feedback import NotRemovedReason
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.screen import Decision, Health, KeptMatch, MatchPage, Review, ScreenResult
from tests import plain_http
from tests.exchange.served_exchange import Operator

STILLMINE = [sys.executable, "-c", "from stillmine.cli import main; main()"]
PLATFORM = "Example Social"
PATIENCE_SECONDS = 120
"""No test is timed: this is when it is surely broken."""


def wait_until(is_so: Callable[[], object], every_seconds: float = 0.1) -> None:
    """Look until it is so."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < give_up_at, "it never happened"
        time.sleep(every_seconds)


class Party:
    """A command that serves; `log` is all that it ever wrote."""

    def __init__(self, folder: Path, name: str) -> None:
        self.home, self.log = folder / name, folder / f"{name}.log"
        (self.port,) = free_ports(0)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.kill()

    def stop(self) -> None:
        """Stop it as an operator does."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(PATIENCE_SECONDS) == 0, self.written()

    def kill(self) -> None:
        """End it and all that it started as a power cut would."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):  # all of it ended already
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(PATIENCE_SECONDS)

    def written(self) -> str:
        return self.log.read_text()

    def _start(self, arguments: list[str], environment: dict[str, str], path: str) -> None:
        """Start it; it is there once it answers at `path`, whatever it answers."""
        with self.log.open("ab") as output:
            command = [*STILLMINE, *arguments, "--home", str(self.home), "--port", str(self.port)]
            self.process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment, start_new_session=True)
        self._path = path

    def wait_until_answering(self) -> None:
        wait_until(lambda: self._is_answering(self._path))

    def _is_answering(self, path: str) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.written()
        try:
            plain_http.get(self.url + path, timeout=10)
        except httpx.TransportError:
            return False
        return True


class Exchange(Party):
    """An exchange on either database."""

    def __init__(self, folder: Path, database_url: str | None) -> None:
        super().__init__(folder, "exchange")
        self._operator = Operator(self.home, database_url)

    def start(self) -> None:
        self._start(["exchange", "serve", "--workers", "1"], self._operator.environment, "/api/v1/statistics")
        self.wait_until_answering()

    def run(self, *arguments: str) -> str:
        """Run a command of the operator's."""
        return self._operator.run(*arguments)

    def add_partner(self, name: str, *options: str) -> str:
        """Return the partner's key."""
        return _key(self.run("partner", "add", name, *options, "--json"))

    def add_key(self, name: str, *options: str) -> str:
        """Return one more key of a partner's."""
        return _key(self.run("partner", "key", "add", name, *options, "--json"))

    def status(self, key: str) -> httpx.Response:
        """Ask what stands for a key."""
        return plain_http.get(f"{self.url}/api/v1/status", headers={"Authorization": f"Bearer {key}"}, timeout=30)

    def knows(self, key: str, fingerprint: Fingerprint) -> bool:
        """Whether an ask about this very fingerprint is a match."""
        query = {"kind": fingerprint.kind, "value": fingerprint.value}
        headers = {"Authorization": f"Bearer {key}"}
        answer = plain_http.post(f"{self.url}/api/v1/ask", json={"version": 1, "queries": [query]}, headers=headers, timeout=60)
        return answer.status_code == 200 and codec.decode(answer.content, AskAnswer).answers[0].outcome is Outcome.MATCH

    def wait_for_index(self, key: str) -> None:
        wait_until(lambda: self.status(key).json()["index"] == "ready")


def _key(printed: str) -> str:
    key: str = json.loads(printed)["key"]
    return key


class Service(Party):
    """A platform's own `stillmine partner serve`, and the platform that calls it."""

    def __init__(self, folder: Path, name: str, exchange_url: str, key: str) -> None:
        super().__init__(folder, name)
        self.exchange_url = exchange_url
        self.key_file = folder / f"{name}.key"
        self.give_key(key)

    @property
    def key(self) -> str:
        return self.key_file.read_text()

    def give_key(self, key: str) -> None:
        """Write the partner key where a start reads it."""
        self.key_file.touch(mode=0o600)
        self.key_file.write_text(key)

    def start(self, *options: str) -> None:
        """Start it and wait until it looks uploads up."""
        self.begin(*options)
        self.wait_until_fresh()

    def wait_until_fresh(self) -> None:
        self.wait_until_answering()
        wait_until(lambda: self.health().is_fresh)

    def begin(self, *options: str) -> None:
        """Start it, and wait for nothing."""
        environment = {name: text for name, text in os.environ.items() if not name.startswith("STILLMINE_")}
        settings = ["--exchange", self.exchange_url, "--key-file", str(self.key_file), "--threads", "1", "--sync-every", "1"]
        self._start(["partner", "serve", *settings, *options], environment, "/livez")

    def screen(self, data: bytes, content_id: str | None = None, uploader: str | None = None) -> ScreenResult:
        """Screen a file as a platform does with each upload."""
        words = {"Stillmine-Content-Id": content_id, "Stillmine-Uploader": uploader}
        headers = {name: word for name, word in words.items() if word is not None}
        return self._result(plain_http.post(f"{self.url}/screen", content=data, headers={**headers, **self.key_header()}, timeout=150))

    def screen_form(self, data: bytes, file_name: str) -> ScreenResult:
        """Screen a file as a form sends it."""
        files = {"file": (file_name, data, "application/octet-stream")}
        return self._result(plain_http.post(f"{self.url}/screen", files=files, headers=self.key_header(), timeout=150))

    def review(self, match_id: str, decision: Decision, reason: NotRemovedReason | None = None) -> None:
        """Send a reviewer's decision."""
        content = codec.encode(Review(version=1, decision=decision, reason=reason))
        headers = {"Content-Type": "application/json", **self.key_header()}
        answer = plain_http.post(f"{self.url}/matches/{match_id}/review", content=content, headers=headers, timeout=30)
        assert answer.status_code == 204, answer.text

    def health(self) -> Health:
        return codec.decode(plain_http.get(f"{self.url}/health", timeout=30).content, Health)

    def matches(self, **filters: str) -> list[KeptMatch]:
        """List what is open, or what the filters say."""
        return self.match_page(**filters).matches

    def match_page(self, **filters: str) -> MatchPage:
        """Return one page of them."""
        answer = plain_http.get(f"{self.url}/matches", params=filters, headers=self.key_header(), timeout=30)
        assert answer.status_code == 200, answer.text
        return codec.decode(answer.content, MatchPage)

    def key_header(self) -> dict[str, str]:
        """Return the header that opens it."""
        return {"Authorization": f"Bearer {(self.home / 'service.key').read_text().strip()}"}

    @staticmethod
    def _result(answer: httpx.Response) -> ScreenResult:
        assert answer.status_code == 200, answer.text
        return codec.decode(answer.content, ScreenResult)
