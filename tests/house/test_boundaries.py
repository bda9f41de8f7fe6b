# SPDX-License-Identifier: Apache-2.0
"""`lint-imports` holds each contract of pyproject.toml: in a copy of the sources, one import against it breaks it by name."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of the sources, to be spoilt and mended again."""
    folder = tmp_path_factory.mktemp("boundaries")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for path in (ROOT / "src").rglob("*.py"):
        place = folder / path.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place)
    return folder


def broken(copy: Path) -> set[str]:
    """Names of the contracts that the copy breaks."""
    ran = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("lint_of_a_copy.py")), str(copy)], capture_output=True, text=True, check=False
    )
    names = {line.removesuffix(" BROKEN") for line in ran.stdout.splitlines() if line.endswith(" BROKEN")}
    assert ran.returncode == bool(names), ran.stdout + ran.stderr
    return names


def arrow_against(contract: dict[str, Any]) -> tuple[str, str]:
    """A module and what it must not import."""
    match contract["type"]:
        case "forbidden":
            return contract["source_modules"][0], contract["forbidden_modules"][0]
        case "independence":
            return contract["modules"][0], contract["modules"][-1]
        case "layers":
            floors = [floor.split("|")[0].split(":")[0].strip(" ()") for floor in contract["layers"]]
            prefix = "".join(f"{container}." for container in contract.get("containers", [])[:1])
            return f"{prefix}{floors[-1]}", f"{prefix}{floors[-2]}"
        case other:
            raise AssertionError(f"say here how a contract of the type {other} is broken")


def test_the_sources_as_they_are_break_none(copy: Path) -> None:
    assert broken(copy) == set()


@pytest.mark.parametrize("contract", CONTRACTS, ids=[contract["name"] for contract in CONTRACTS])
def test_one_import_against_a_contract_breaks_it(copy: Path, contract: dict[str, Any]) -> None:
    module, forbidden = arrow_against(contract)
    path = copy / "src" / Path(*module.split("."))
    place = path / "against_the_rule.py" if path.is_dir() else path.with_suffix(".py")
    before = place.read_text() if place.exists() else None
    place.write_text(f"{before or ''}\ndef late() -> None:\n    import {forbidden}\n")
    try:
        assert contract["name"] in broken(copy)
    finally:
        place.unlink() if before is None else place.write_text(before)
