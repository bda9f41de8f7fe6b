# SPDX-License-Identifier: Apache-2.0
"""Operators by command, and `serve` with and without the console: real processes, either database."""

import json
import signal
import socket
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from tests.exchange.served_exchange import COMMAND, Operator


@pytest.fixture
def operator(tmp_path: Path, fresh_database_url: str | None) -> Operator:
    return Operator(tmp_path / "home", fresh_database_url)


def test_operators_by_command(operator: Operator) -> None:
    operator.run("migrate")
    assert "No operators yet" in operator.run("operator", "list")
    assert "never again" in operator.run("operator", "add", "Mia", "--role", "manager")
    added = json.loads(operator.run("operator", "add", "Rita", "--role", "reviewer", "--json"))
    assert (added["operator"], added["role"], len(added["enrolment_code"].replace("-", ""))) == ("Rita", "reviewer", 24)
    assert "already exists" in operator.run("operator", "add", "mia", "--role", "reviewer", expect=2)
    assert "manager or reviewer" in operator.run("operator", "add", "Eva", "--role", "owner", expect=2)
    assert "command line" in operator.run("operator", "add", "Command Line", "--role", "manager", expect=2)
    renewed = json.loads(operator.run("operator", "reset", "RITA", "--json"))
    assert renewed["enrolment_code"] != added["enrolment_code"]
    assert "no operator has this name" in operator.run("operator", "reset", "Nobody", expect=2)
    operator.run("operator", "remove", "Mia")
    assert json.loads(operator.run("operator", "list", "--json")) == {
        "operators": [{"operator": "Rita", "role": "reviewer", "enrolled": False}]
    }
    assert "not enrolled yet" in operator.run("operator", "list")


@pytest.mark.parametrize(("options", "expected"), [((), 404), (("--console",), 200)])
def test_the_console_is_there_only_when_it_is_asked_for(
    operator: Operator, portal_folder: Path, options: tuple[str, ...], expected: int
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [*COMMAND, "serve", "--home", str(operator.home), "--port", str(port), "--portal", str(portal_folder), *options]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env=operator.environment)
    try:
        answer = None
        for _ in range(300):
            assert process.poll() is None
            try:
                answer = httpx.get(f"http://127.0.0.1:{port}/console/sign-in", timeout=5)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        assert answer is not None
        assert answer.status_code == expected
        assert ("set-cookie" in answer.headers) == (expected == 200)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
