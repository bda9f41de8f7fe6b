# SPDX-License-Identifier: Apache-2.0
"""The bench of the index of regions finds what it planted and writes down what it measured."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_a_small_run_measures_everything(tmp_path: Path) -> None:
    small = ["--pictures", "200", "--regions", "12", "--runs", "2", "--threads", "2", "--json", str(tmp_path / "rows.json")]
    done = subprocess.run([sys.executable, str(ROOT / "bench/region_index.py"), *small], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / "rows.json").read_text())["rows"]
    assert [(row["data"], row["pictures"], row["planted_found_of_20"]) for row in rows] == [("uniform", 200, 20), ("realistic", 200, 20)]
    assert done.stdout.count("| 4,200 lookups |") == 2
