# SPDX-License-Identifier: Apache-2.0
"""What runs before a commit is part of `make check`, comes from this checkout alone, and is there."""

import json
import re
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]


def test_hooks_run_what_this_checkout_has() -> None:
    repositories = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [repository["repo"] for repository in repositories] == ["local"]
    hooks = repositories[0]["hooks"]
    assert {hook["language"] for hook in hooks} == {"system"}
    entries = " ; ".join(hook["entry"] for hook in hooks)
    programs = set(re.findall(r"\.venv/bin/([a-z-]+)", entries))
    assert {"ruff", "mypy", "lint-imports", "clang-format", "pytest"} == programs
    assert not [program for program in programs if not (Path(sys.prefix) / "bin" / program).exists()]
    scripts = set(re.findall(r"npm run --silent (\S+?)'?(?: |$)", entries))
    assert scripts
    assert scripts <= json.loads((ROOT / "portal/package.json").read_text())["scripts"].keys()
    paths = re.findall(r"\btests/\S+", entries)
    assert paths
    assert not [path for path in paths if not (ROOT / path).is_file()]
