# SPDX-License-Identifier: Apache-2.0
"""What is generated is what its generator makes now."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("tool", ["portal_limits.py", "wire_types.py"])
def test_nothing_generated_is_out_of_date(root: Path, tool: str) -> None:
    ran = subprocess.run([sys.executable, root / "tools" / tool, "--check"], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_the_lock_names_no_download_address(root: Path) -> None:
    lock = (root / "portal/package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    assert '"integrity"' in lock
