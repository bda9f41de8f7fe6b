# SPDX-License-Identifier: Apache-2.0
"""The kernel's files form floors: none needs itself, through the functions it calls or the headers it includes."""

import re
from pathlib import Path

import pytest

from tests.house.import_graph import circles

SOURCES = Path(__file__).resolve().parents[2] / "kernel/src"
DEFINITION = re.compile(r"^(?!static|#|typedef)\w[\w ]*[ *](stillmine_\w+)\([^;{]*\)\s*\{", re.M)
CALL = re.compile(r"\b(stillmine_\w+)\(")
INCLUDE = re.compile(r'^#include "(?:stillmine/)?(\w+\.h)"', re.M)


def without_comments(text: str) -> str:
    return re.sub(r"/\*.*?\*/", "", text, flags=re.S)


def call_graph(folder: Path) -> dict[str, set[str]]:
    """Which file calls functions of which others."""
    texts = {path.name: without_comments(path.read_text()) for path in folder.glob("*.c")}
    home = {name: file for file, text in texts.items() for name in DEFINITION.findall(text)}
    return {file: {home[name] for name in CALL.findall(text) if name in home} - {file} for file, text in texts.items()}


def include_graph(*folders: Path) -> dict[str, set[str]]:
    """Which header includes which others."""
    headers = {path.name: path.read_text() for folder in folders for path in folder.glob("*.h")}
    return {name: set(INCLUDE.findall(text)) & headers.keys() for name, text in headers.items()}


def test_every_function_has_a_home() -> None:
    graph = call_graph(SOURCES)
    assert len(graph) > 20
    assert {"index_probe.c", "index_scan.c"} <= graph["index_search.c"]
    assert "pdq_axis.c" in graph["pdq.c"]


def test_no_file_calls_itself_through_others() -> None:
    assert circles(call_graph(SOURCES)) == []


def test_no_header_includes_itself_through_others() -> None:
    assert circles(include_graph(SOURCES, SOURCES.parent / "include/stillmine")) == []


@pytest.mark.parametrize("upper", ["int stillmine_roof(void) {\n    return stillmine_stone(1);\n}\n"])
def test_a_circle_is_found(tmp_path: Path, upper: str) -> None:
    (tmp_path / "roof.c").write_text(upper)
    (tmp_path / "stone.c").write_text("int stillmine_stone(int weight) {\n    return weight; /* never stillmine_roof() */\n}\n")
    assert circles(call_graph(tmp_path)) == []
    (tmp_path / "stone.c").write_text("int stillmine_stone(int weight) {\n    return weight + stillmine_roof();\n}\n")
    assert circles(call_graph(tmp_path)) == [["roof.c", "stone.c"]]
