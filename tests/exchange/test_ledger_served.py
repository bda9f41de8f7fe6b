# SPDX-License-Identifier: Apache-2.0
"""The served exchange publishes its ledger by itself, at the times of its setting, and an audit of it holds."""

import subprocess
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stillmine.auditor import commands
from tests import plain_http
from tests.exchange.served_exchange import Operator

OFTEN = "1"
PUBLICATIONS = 4
PATIENCE_SECONDS = 150
"""Upkeep, which comes once a minute, makes three at most in this time."""


@pytest.fixture
def operator_of_seconds(operator: Operator) -> Operator:
    operator.environment["STILLMINE_EXCHANGE_LEDGER_PUBLISH_EVERY_SECONDS"] = OFTEN
    return operator


def test_it_publishes_by_itself(operator_of_seconds: Operator, served: tuple[str, subprocess.Popen[bytes], Path]) -> None:
    url, process, log = served
    sizes, give_up_at = [0], time.monotonic() + PATIENCE_SECONDS
    while sizes[-1] < PUBLICATIONS * 64:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < give_up_at, f"{sizes[-1]} leaves only"
        sizes.append(int(plain_http.get(f"{url}/api/v1/ledger/checkpoint", timeout=20).text.split("\n")[1]))
        time.sleep(0.2)
    assert {size % 64 for size in sizes} == {0}
    found = CliRunner().invoke(commands.app, ["audit", url])
    assert found.exit_code == 0, found.stderr
