# SPDX-License-Identifier: Apache-2.0
"""The bench of the Python client times all three ways at a real exchange."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_a_small_run_times_every_way() -> None:
    command = [sys.executable, str(ROOT / "bench" / "client.py"), "--count", "20", "--asks", "3"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = re.findall(r"^\| ([\w ]+) \| [\d.]+ \| [\d.]+ \| (-?[\d.]*) \|$", done.stdout, re.MULTILINE)
    assert [name for name, _ in rows] == ["bare socket", "Exchange", "AsyncExchange"]
    assert [bool(added) for _, added in rows] == [False, True, True]
