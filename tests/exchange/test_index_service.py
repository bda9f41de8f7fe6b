# SPDX-License-Identifier: Apache-2.0
"""The index service beside real web workers: loads, follows, is started again when it was killed, and ends with `serve`."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests import plain_http
from tests.exchange.exchange_parts import Phone, value
from tests.exchange.served_exchange import PATIENCE_SECONDS, Operator

Served = tuple[str, subprocess.Popen[bytes], Path]


def until(claim: Callable[[], bool]) -> None:
    """Wait until it is so; how long it took is no test, because machines are busy."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not claim():
        assert time.monotonic() < end
        time.sleep(0.05)


def service_ids(parent: int) -> list[int]:
    """Processes below `serve` that hold the index's lock file open."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            if int(process.joinpath("stat").read_text().rpartition(")")[2].split()[1]) != parent:
                continue
            if any(link.readlink().name == "index.lock" for link in process.joinpath("fd").iterdir()):
                found.append(int(process.name))
        except (OSError, ValueError, IndexError):
            continue
    return found


def test_it_follows_survives_being_killed_and_ends_with_serve(operator: Operator, served: Served) -> None:
    url, process, log = served
    key = json.loads(operator.run("partner", "add", "Example Social", "--way", "list", "--json"))["key"]
    headers = {"Authorization": f"Bearer {key}"}
    with plain_http.Client(base_url=url, headers=headers, timeout=30) as web:

        def outcome(number: int) -> str:
            answer = web.post("/api/v1/ask", json={"version": 1, "queries": [{"kind": "pdq", "value": value(number)}]})
            return str(answer.json()["answers"][0]["outcome"]) if answer.status_code == 200 else str(answer.json()["code"])

        until(lambda: web.get("/api/v1/status").json()["index"] == "ready")
        assert outcome(1) == "clear"
        phone = Phone(plain_http.Client(base_url=url, timeout=30), b"0123456789")
        phone.open(1)
        until(lambda: outcome(1) == "match")
        (first,) = service_ids(process.pid)
        os.kill(first, signal.SIGKILL)
        until(lambda: outcome(1) == "match" and service_ids(process.pid) not in ([first], []))
        phone.withdraw()
        assert outcome(1) == "clear"
        phone.web.close()
    (second,) = service_ids(process.pid)
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_SECONDS) == 0
    assert not Path(f"/proc/{second}").exists()
    assert not (operator.home / "index.sock").exists()
    written = log.read_text()
    assert "starting another" in written
    assert value(1) not in written


def test_it_ends_when_serve_is_killed_and_another_takes_its_place(operator: Operator, served: Served) -> None:
    _, process, _ = served
    until(lambda: bool(service_ids(process.pid)))
    (service,) = service_ids(process.pid)
    process.kill()
    process.wait()
    until(lambda: not Path(f"/proc/{service}").exists())
