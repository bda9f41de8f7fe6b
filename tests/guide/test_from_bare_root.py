# SPDX-License-Identifier: Apache-2.0
"""docs/first-fifteen-minutes.md from nothing: a bare Debian 12 without a compiler, the wheel, two photographs, every command as written."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stillmine.demo.processes import free_ports
from tests.guide.bare_root import in_bare_root, make_bare_root, make_wheel, why_not
from tests.guide.shown_blocks import run_guide
from tests.guide.test_first_fifteen_minutes import PAGE, PHOTOGRAPHS

pytestmark = [pytest.mark.long, pytest.mark.skipif(why_not() is not None, reason=why_not() or "")]

NEWCOMER = 1000
HOME = "/home/newcomer"


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A bare root that others may enter, away from the folder of the tests, which nobody else may."""
    folder = Path(tmp_path_factory.mktemp("bare")) / "root"
    make_bare_root(folder)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_wheel(root, tmp_path_factory.mktemp("wheel"))


def test_the_page_works_from_nothing(root: Path, bare: Path, wheel: Path) -> None:
    assert not any((bare / "usr/bin" / compiler).exists() for compiler in ("cc", "gcc", "clang", "c++"))
    home = bare / HOME.removeprefix("/")
    home.mkdir(parents=True)
    shutil.copy(wheel, home)
    for name, photograph in PHOTOGRAPHS.items():
        shutil.copy(root / photograph, home / name)
    for path in (home, *home.iterdir()):
        os.chown(path, NEWCOMER, NEWCOMER)
    ports = dict(zip(("8080", "8460"), map(str, free_ports(0, 0)), strict=True))
    shell = in_bare_root(bare, HOME, ["bash", "guide.sh"], NEWCOMER)
    began = time.monotonic()
    run_guide((root / PAGE).read_text(), home, {"sleep 2\n": "sleep 8\n", **ports}, {}, shell)
    print(f"from a bare root to the withdrawal, installation included: {(time.monotonic() - began) / 60:.1f} minutes")


def test_the_wheel_alone_is_small_and_says_what_a_part_needs(bare: Path, wheel: Path) -> None:
    """Without an extra there is no server, and the command of one names the extra that has it."""
    shutil.copy(wheel, bare / "tmp")
    script = (
        f"python3 -m venv /tmp/base && /tmp/base/bin/pip install --quiet --only-binary :all: /tmp/{wheel.name}"
        " && /tmp/base/bin/stillmine --version && ! /tmp/base/bin/python -c 'import django' 2>/dev/null"
        " && ! /tmp/base/bin/stillmine partner"
    )
    ran = subprocess.run(in_bare_root(bare, "/tmp", ["bash", "-c", script], 0), check=False, capture_output=True, text=True, timeout=600)
    assert ran.returncode == 0, ran.stderr
    assert "[partner]" in ran.stdout + ran.stderr
