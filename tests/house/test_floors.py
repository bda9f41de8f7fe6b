# SPDX-License-Identifier: Apache-2.0
"""Folders form floors: none can be reached from itself by imports, and no file either.

`lint-imports` holds the order of the floors that pyproject.toml lists; this holds that there is an order at all, also where nobody
has listed one yet.
"""

from pathlib import Path

import pytest

from tests.house.import_graph import circles, folder_graph, module_graph, modules

SOURCE = Path(__file__).resolve().parents[2] / "src"


def write(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        path = folder.joinpath(*name.split("__")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        for parent in path.relative_to(folder).parents[:-1]:
            (folder / parent / "__init__.py").touch()
        path.write_text(text)
    return folder


def test_the_whole_program_is_looked_at() -> None:
    names = modules(SOURCE)
    assert len(names) > 200
    assert {"stillmine", "stillmine.cli", "stillmine.wire.errors", "stillmine.partner.asking"} <= names.keys()
    assert "stillmine.wire" in folder_graph(SOURCE)["stillmine.partner.asking"]


def test_no_circle_of_folders() -> None:
    assert circles(folder_graph(SOURCE)) == []


def test_no_circle_of_files() -> None:
    assert circles(module_graph(SOURCE)) == []


@pytest.mark.parametrize(
    "arrow_up",
    [
        "import room.attic.roof\n",
        "from room.attic import roof\n",
        "from room.attic.roof import tiles\n",
        "def late() -> None:\n    from room.attic import roof\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from room.attic.roof import tiles\n",
        "from importlib import import_module\nroof = import_module('room.attic.roof')\n",
        "from django.utils import module_loading\ntiles = module_loading.import_string('room.attic.roof.tiles')\n",
    ],
)
def test_an_arrow_up_is_found_wherever_it_stands(tmp_path: Path, arrow_up: str) -> None:
    write(tmp_path, room__attic__roof="from room.cellar.stones import stone\n", room__cellar__stones="", room__cellar__lamp="")
    assert circles(folder_graph(tmp_path)) == []
    write(tmp_path, room__cellar__lamp=arrow_up)
    assert circles(folder_graph(tmp_path)) == [["room.attic", "room.cellar"]]
    assert circles(module_graph(tmp_path)) == []


def test_a_submodule_that_imports_its_package_is_found(tmp_path: Path) -> None:
    write(tmp_path, room__lamp="from room import light\n")
    (tmp_path / "room/__init__.py").write_text("from room.lamp import shade\nlight = shade\n")
    assert circles(module_graph(tmp_path)) == [["room", "room.lamp"]]


def test_a_way_round_through_three_is_one_knot(tmp_path: Path) -> None:
    write(tmp_path, room__a__x="import room.b.x", room__b__x="import room.c.x", room__c__x="import room.a.x", room__d__x="import room.a.x")
    assert circles(folder_graph(tmp_path)) == [["room.a", "room.b", "room.c"]]
