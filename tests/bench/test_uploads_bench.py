# SPDX-License-Identifier: Apache-2.0
"""The bench of asks by many clients prints a row for each database, size and number of clients, and ends where an answer is wrong."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def rows_of(*options: str) -> list[list[str]]:
    command = [sys.executable, str(ROOT / "bench/exchange_uploads.py"), "--seconds", "0.5", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in done.stdout.splitlines() if line.startswith("| sqlite")]


def test_a_small_run_measures_every_cell() -> None:
    rows = rows_of("--count", "60", "70", "--clients", "1", "3")
    assert [row[:4] for row in rows] == [["sqlite", count, "photograph", clients] for count in ("60", "70") for clients in ("1", "3")]
    assert all(float(row[5]) > 0 and float(row[7]) > 0 for row in rows)


def test_single_asks_and_batches_are_measured_too() -> None:
    rows = rows_of("--count", "60", "--clients", "1", "--asks", "single", "batch", "photographs", "--one-match-in", "100")
    assert [row[2] for row in rows] == ["single", "batch", "photographs"]
    assert all(float(row[5]) > 0 for row in rows)
