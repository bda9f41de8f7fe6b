# SPDX-License-Identifier: Apache-2.0
"""A leading underscore is private: no module imports such a name from another, neither in the software nor in its tests.

A test may reach into a module that it names in full, to empty a cache; the software may not.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

COMPILED = frozenset({"_kernel", "_sound"})
"""Modules of compiled code beside the package that wraps them, whose tests take them as they are."""

FOLDERS = ("src", "tests", "bench", "tools")
SAYS = "name it without the underscore if others need it, else use what its module offers"


def private_imports(source: str) -> Iterator[str]:
    """Yield each private name that a file imports from another, and each private module of ours that it imports from."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module not in {"__future__", "_typeshed"}:
            yield from (f"{node.module}.{alias.name}" for alias in node.names if is_private(alias.name))
            if is_ours(node.module) and any(is_private(part) for part in str(node.module).split(".")):
                yield str(node.module)


def private_uses(source: str) -> Iterator[str]:
    """Yield each private name that a file takes from a module of ours which it imports."""
    tree = ast.parse(source)
    ours = set(_modules_of_ours(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr) and ast.unparse(node.value) in ours:
            yield ast.unparse(node)


def _modules_of_ours(tree: ast.Module) -> Iterator[str]:
    """What a file calls the modules of this repository that it imports; a class, which begins with a capital, is none."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.asname or alias.name for alias in node.names if is_ours(alias.name))
        elif isinstance(node, ast.ImportFrom) and is_ours(node.module):
            yield from (name for alias in node.names if not (name := alias.asname or alias.name)[0].isupper())


def is_ours(module: str | None) -> bool:
    return (module or "").split(".")[0] in {"stillmine", *FOLDERS}


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in COMPILED


def test_what_is_sought_is_found() -> None:
    assert list(private_imports("from a.b import _record, record\nfrom a import _kernel\n")) == ["a.b._record"]
    assert list(private_uses("from stillmine.a import work\nwork._doublings(work.load, self._load)\n")) == ["work._doublings"]
    assert list(private_uses("import stillmine.a.b\nstillmine.a.b._record\n")) == ["stillmine.a.b._record"]
    assert list(private_imports("from stillmine.a._inner import record\n")) == ["stillmine.a._inner"]


def test_no_private_name_is_imported_from_another_module(root: Path) -> None:
    files = [path for folder in FOLDERS for path in sorted((root / folder).rglob("*.py"))]
    assert len(files) > 400
    found = [f"{path.relative_to(root)}: {name}" for path in files for name in private_imports(path.read_text())]
    assert not found, SAYS


def test_no_private_name_is_taken_from_another_module(root: Path) -> None:
    files = [path for folder in FOLDERS if folder != "tests" for path in sorted((root / folder).rglob("*.py"))]
    assert len(files) > 400
    found = [f"{path.relative_to(root)}: {name}" for path in files for name in private_uses(path.read_text())]
    assert not found, SAYS
