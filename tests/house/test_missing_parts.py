# SPDX-License-Identifier: Apache-2.0
"""A part whose extra is not installed says what to install, whatever is typed behind it."""

import importlib.util
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from stillmine.cli import PARTS, program


@pytest.mark.parametrize("name", [name for name, part in PARTS.items() if part.needs])
@pytest.mark.parametrize("behind", [[], ["--help"], ["serve", "--port", "8460"], ["backfill", "s3://media/2024", "--out", "results.jsonl"]])
def test_a_part_that_is_missing_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, name: str, behind: list[str]) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    done = CliRunner().invoke(program(name), [name, *behind])
    assert done.exit_code == 2
    assert f"stillmine-….whl[{PARTS[name].extra}]" in done.stderr
    assert "unexpected" not in done.output


def test_a_missing_library_of_the_embedded_service_is_said_too() -> None:
    hidden = "import sys; sys.modules['anyio'] = None; from stillmine.partner import Screener"
    done = subprocess.run([sys.executable, "-P", "-c", hidden], capture_output=True, text=True, check=False)
    assert done.stderr.rstrip().endswith("or in a checkout pip install '.[partner]'")
