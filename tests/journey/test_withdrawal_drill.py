# SPDX-License-Identifier: Apache-2.0
"""A withdrawal drill by command, with `stillmine partner` as the partner: real processes, and somebody who uploads again and again."""

import subprocess
import sys
import time
from pathlib import Path

from stillmine.demo.processes import System
from tests import plain_http

STILLMINE = [sys.executable, "-c", "from stillmine.cli import main; main()"]


def test_stillmine_partner_passes_a_withdrawal_drill(system: System, system_folder: Path) -> None:
    picture = system_folder / "drill.png"
    options = ["--wait", "2m", "--watch", "0m", "--picture", str(picture), "--home", str(system_folder / "exchange")]
    command = [*STILLMINE, "exchange", "partner", "drill", "Example Social", *options]
    outcomes: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=system.environment) as drill:
        while drill.poll() is None:
            if picture.exists():
                answer = plain_http.post(system.url("platform") + "/upload", content=picture.read_bytes(), timeout=30)
                outcomes.append(answer.json()["outcome"])
            time.sleep(1)
        said = drill.stdout.read() if drill.stdout else ""
    assert drill.returncode == 0, said
    assert "match" in outcomes
    assert "The partner reported a match." in said
    assert "Acknowledged at" in said
    assert said.rstrip().endswith("The partner acknowledged the withdrawal and reported no match after that.")
    last = plain_http.post(system.url("platform") + "/upload", content=picture.read_bytes(), timeout=30)
    assert last.json()["outcome"] == "no_match"
