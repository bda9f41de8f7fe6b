# SPDX-License-Identifier: Apache-2.0
"""Who imports whom in a source tree, read from the text: nothing is imported, so nothing can hide behind what a run needs.

Every import counts, also one inside a function, one for the type checker alone and one by a text given to a loader:
whoever reads a module has to know what it names.
A folder stands for the modules that lie directly in it, its `__init__` among them.
"""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

Graph = Mapping[str, set[str]]

LOADERS = frozenset({"import_module", "import_string", "__import__"})
"""Functions that import what a text names."""


def modules(source: Path) -> dict[str, Path]:
    """Each module below `source` by its whole name; a package is called as its folder is."""
    found = {}
    for path in source.rglob("*.py"):
        parts = path.relative_to(source).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def module_graph(source: Path) -> dict[str, set[str]]:
    """What each module imports of the same tree, without itself."""
    known = modules(source)
    return {name: {target for target in _targets(path, known) if target != name} for name, path in known.items()}


def folder_graph(source: Path) -> dict[str, set[str]]:
    """What the modules of each folder import of other folders."""
    known = modules(source)
    folders = {name: name if path.name == "__init__.py" else name.rpartition(".")[0] for name, path in known.items()}
    graph: dict[str, set[str]] = {folder: set() for folder in folders.values()}
    for name, targets in module_graph(source).items():
        graph[folders[name]] |= {folders[target] for target in targets} - {folders[name]}
    return graph


def circles(graph: Graph) -> list[list[str]]:
    """The knots: groups of more than one, in which each leads to each; none if the graph has floors."""
    reached = {name: _reached(graph, name) for name in graph}
    knots = {
        tuple(sorted({name} | {other for other in reached[name] if name in reached[other]})) for name in graph if name in reached[name]
    }
    return [list(knot) for knot in sorted(knots)]


def _reached(graph: Graph, start: str) -> set[str]:
    reached: set[str] = set()
    waiting = [*graph[start]]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += graph[name]
    return reached


def _targets(path: Path, known: Mapping[str, Path]) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module is not None and node.module in known:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            yield from inner & known.keys()
            if inner - known.keys():
                yield node.module
        elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in LOADERS:
            yield from (name for argument in node.args for name in _named(argument, known))


def _named(argument: ast.expr, known: Mapping[str, Path]) -> Iterator[str]:
    """The module that a text names, itself or by something in it."""
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        yield from [name for name in (argument.value, argument.value.rpartition(".")[0]) if name in known][:1]
