# SPDX-License-Identifier: Apache-2.0
"""A leading underscore is private: no module imports such a name from another, neither in the software nor in its tests."""

import ast
from collections.abc import Iterator
from pathlib import Path

COMPILED = frozenset({"_kernel", "_sound"})
"""Modules of compiled code beside the package that wraps them, whose tests take them as they are."""

FOLDERS = ("src", "tests", "bench", "tools")


def private_imports(source: str) -> Iterator[str]:
    """Yield each private name that a file imports from another."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module not in {"__future__", "_typeshed"}:
            yield from (f"{node.module}.{alias.name}" for alias in node.names if is_private(alias.name))


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in COMPILED


def test_what_is_sought_is_found() -> None:
    assert list(private_imports("from a.b import _record, record\nfrom a import _kernel\n")) == ["a.b._record"]


def test_no_private_name_is_imported_from_another_module(root: Path) -> None:
    files = [path for folder in FOLDERS for path in sorted((root / folder).rglob("*.py"))]
    assert len(files) > 400
    assert [f"{path.relative_to(root)}: {name}" for path in files for name in private_imports(path.read_text())] == []
