# SPDX-License-Identifier: Apache-2.0
"""Every list of actors and nouns says the same: pyproject.toml's contracts, the package's own words, CONTRIBUTING.md, and the folders."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import stillmine

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
NEITHER = {"client", "serving"}
"""A library on top of wire, and what listens for two actors."""


def names(modules: list[str]) -> set[str]:
    return {module.removeprefix("stillmine.") for module in modules}


def contract(name: str) -> dict[str, Any]:
    return next(each for each in CONTRACTS if each["name"] == name)


NOUNS = names(contract("Nouns never import actors")["source_modules"])
ACTORS = names(contract("Actors never import each other")["modules"])


def test_every_folder_is_an_actor_or_a_noun_or_named_as_neither() -> None:
    folders = {path.parent.name for path in (ROOT / "src/stillmine").glob("*/__init__.py")}
    assert folders == NOUNS | ACTORS | NEITHER
    assert not (NOUNS & ACTORS) | (NOUNS | ACTORS) & NEITHER


def test_no_noun_imports_any_actor() -> None:
    for each in ("Nouns never import actors", "The doors know no actor, and no noun but wire", "The client stands on wire"):
        assert names(contract(each)["forbidden_modules"]) >= ACTORS, each


@pytest.mark.parametrize("text", [stillmine.__doc__ or "", (ROOT / "CONTRIBUTING.md").read_text()], ids=["package", "contributing"])
def test_what_is_written_of_them_is_complete(text: str) -> None:
    written = {
        kind: set(re.split(r",\s+", listed)) for kind, listed in re.findall(r"\b([Aa]ctor|[Nn]oun)s?\s\(([a-z,\s]+)\)", text, re.DOTALL)
    }
    found = {kind.lower(): listed - {"portal"} for kind, listed in written.items()}  # the portal is an actor outside of Python
    assert found == {"actor": ACTORS, "noun": NOUNS}
    assert all(f"`{name}`" in text for name in NEITHER)
