# SPDX-License-Identifier: Apache-2.0
"""A disk that is full to the last byte, under a served exchange: withdrawals go through, the rest is told why, and it comes back."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from stillmine.wire.case_key import credentials
from tests import plain_http

COMMAND = [sys.executable, "-c", "from stillmine.cli import main; main()", "exchange"]
DISK_MIB = 64

pytestmark = pytest.mark.long


@pytest.fixture
def home(tmp_path: Path, database_url: str | None) -> Iterator[Path]:
    """The home folder of an exchange, on a small disk of its own."""
    if database_url is not None:
        pytest.skip("PostgreSQL's disk is not the home folder's")
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "none", str(disk)], check=False, capture_output=True).returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield disk / "home"
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """On another disk."""
    return tmp_path / "log"


@pytest.fixture
def web(home: Path, log: Path) -> Iterator[httpx.Client]:
    """A served exchange."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: text for name, text in os.environ.items() if not name.startswith("STILLMINE_")}
    environment["STILLMINE_EXCHANGE_CASES_IN_TEN_MINUTES"] = "0"
    with log.open("wb") as output:
        process = subprocess.Popen([*COMMAND, "serve", "--home", str(home), "--port", str(port)], stderr=output, env=environment)
    with plain_http.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as client:
        try:
            until(lambda: is_alive(client))
            yield client
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=120)


def until(said: object, seconds: float = 180) -> None:
    give_up_at = time.monotonic() + seconds
    while not said():  # type: ignore[operator]
        assert time.monotonic() < give_up_at
        time.sleep(0.2)


def is_alive(client: httpx.Client) -> bool:
    try:
        return client.get("/livez").status_code == 200
    except httpx.TransportError:
        return False


def opened(web: httpx.Client, secret: bytes) -> httpx.Response:
    statement = {"role": "person", "is_adult_now": True, "was_adult_then": True}
    sent = [{"kind": "pdq", "value": secrets.token_hex(32), "quality": 90}]
    return web.post("/api/v1/case", json={"version": 1, "statement": statement, "fingerprints": sent}, headers=headers(secret))


def headers(secret: bytes) -> dict[str, str]:
    return {"Authorization": credentials(secret).authorization()}


def fill(disk: Path) -> Path:
    """Write until nothing more goes in."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return filler


def test_withdrawals_go_through_on_a_full_disk(web: httpx.Client, home: Path, log: Path) -> None:
    people = [secrets.token_bytes(10) for _ in range(25)]
    for secret in people:
        assert opened(web, secret).status_code == 201
    until(lambda: web.get("/readyz").status_code == 200)
    filler = fill(home.parent)
    for _ in range(40):
        refused = opened(web, secrets.token_bytes(10))
        fill(home.parent / "home")
        if refused.status_code != 201:
            break
    assert (refused.status_code, refused.json()["code"]) == (503, "storage_full")
    for secret in people[:-1]:
        answer = web.post("/api/v1/case/withdraw", json={"version": 1}, headers=headers(secret))
        assert (answer.status_code, answer.json()["state"]) == (200, "withdrawn"), answer.text
    for _ in range(200):
        assert opened(web, secrets.token_bytes(10)).json()["code"] == "storage_full"
    assert web.get("/readyz").json()["parts"]["disk"] == "full"
    assert web.get("/livez").status_code == 200
    written = log.read_text().splitlines()
    assert 1 <= len([line for line in written if "[storage_full]" in line]) <= 8
    assert not [line for line in written if "OperationalError" in line]
    filler.unlink()
    (home / "filler").unlink()
    until(lambda: web.get("/readyz").status_code == 200)
    assert opened(web, secrets.token_bytes(10)).status_code == 201
    shown = web.get("/api/v1/case", headers=headers(people[-1])).json()
    assert shown["state"] == "open"
    checked = subprocess.run([*COMMAND, "fsck", "--home", str(home)], capture_output=True, text=True, check=False)
    assert checked.stdout == "Everything is consistent.\n", checked.stderr
