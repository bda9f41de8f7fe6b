# SPDX-License-Identifier: Apache-2.0
"""The bench of asks by many clients prints a row for each database, size and number of clients, and ends where an answer is wrong."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_a_small_run_measures_every_cell() -> None:
    command = [sys.executable, str(ROOT / "bench/exchange_uploads.py"), "--count", "60", "70", "--clients", "1", "3", "--seconds", "0.5"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in done.stdout.splitlines() if line.startswith("| sqlite")]
    assert [row[:3] for row in rows] == [["sqlite", "60", "1"], ["sqlite", "60", "3"], ["sqlite", "70", "1"], ["sqlite", "70", "3"]]
    assert all(float(row[4]) > 0 for row in rows)
