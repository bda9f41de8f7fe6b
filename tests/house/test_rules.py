# SPDX-License-Identifier: Apache-2.0
"""The house's own rules, held by a machine: sizes, licences, purity, nothing left for later, nothing of this machine."""

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SKIPPED = {".git", ".venv", ".build", "build", "node_modules", "dist", ".astro", "__pycache__", ".hypothesis", ".demo"}
SOURCE_ENDINGS = {".py", ".c", ".h", ".ts", ".tsx", ".js", ".mjs", ".css", ".astro", ".sh", ".pyi"}
GENERATED = re.compile(r"(^|/)(migrations/|pdq_tables\.h|types\.ts$)")
MAXIMUM_SOURCE_LINES, MAXIMUM_TEST_LINES, MAXIMUM_FUNCTION_LINES = 400, 500, 60
MARKDOWN_CHARACTERS = 160
"""A line of prose is shorter than this. Blocks of commands, which a reader copies, and definitions of links keep their length."""
NOUNS = ("wire", "fingerprint", "matching", "ledger")


def files() -> Iterator[Path]:
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in SKIPPED and not name.endswith("_cache")]
        yield from (Path(folder) / name for name in names if name not in SKIPPED)  # where there are several checkouts, `.git` is a file


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def sources() -> list[Path]:
    return [
        path for path in files() if path.suffix in SOURCE_ENDINGS and "media" not in path.relative_to(ROOT).parts
    ]  # a film may end in `.ts`


def python_sources() -> list[Path]:
    return [path for path in sources() if path.suffix == ".py"]


def texts() -> Iterator[tuple[str, str]]:
    for path in files():
        try:
            yield relative(path), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def test_there_is_something_to_check() -> None:
    assert len(python_sources()) > 20


def test_every_source_names_its_licence() -> None:
    wrong = [relative(path) for path in sources() if "SPDX-License-Identifier: Apache-2.0" not in path.read_text()[:200]]
    assert not wrong


def test_files_are_short_enough_to_read() -> None:
    wrong = []
    for path in sources():
        name = relative(path)
        is_test = "/tests/" in f"/{name}" or ".test." in name
        limit = MAXIMUM_TEST_LINES if is_test else MAXIMUM_SOURCE_LINES
        lines = path.read_text().count("\n")
        if lines > limit and not GENERATED.search(name):
            wrong.append(f"{name}: {lines} lines")
    assert not wrong


def test_functions_are_short_enough_to_read() -> None:
    """Python here; ESLint holds the same cap over the portal (`portal/eslint.config.mjs`)."""
    wrong = []
    for path in python_sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                if lines > MAXIMUM_FUNCTION_LINES:
                    wrong.append(f"{relative(path)}:{node.name}: {lines} lines")
    assert not wrong


def long_lines(page: str) -> list[int]:
    """Return the numbers of the lines of a Markdown page that are too long to review."""
    found, is_fenced, is_command, before = [], False, False, ""
    for number, line in enumerate(page.splitlines(), 1):
        is_fenced ^= line.startswith("```")
        is_command = line.startswith("    ") and (is_command or not before.strip())
        is_kept = is_fenced or is_command or re.match(r"\[[^\]]+\]: |<!--", line)
        if len(line) >= MARKDOWN_CHARACTERS and not is_kept:
            found.append(number)
        before = line
    return found


def test_lines_of_documents_are_short_enough_to_review() -> None:
    pages = [path for path in files() if path.suffix == ".md"]
    assert len(pages) > 30
    assert not [f"{relative(path)}:{number}" for path in pages for number in long_lines(path.read_text(encoding="utf-8"))]


def test_a_long_line_of_prose_or_of_a_table_is_found() -> None:
    long = "x" * MARKDOWN_CHARACTERS
    assert long_lines(f"short\n{long}\n\n    {long}\n\n| {long} |\n```\n{long}\n```\n- short\n    {long}\n[name]: {long}\n") == [2, 6, 11]


def test_modules_say_why_they_exist() -> None:
    wrong = [
        relative(path)
        for path in python_sources()
        if "migrations" not in path.parts and path.read_text().count("\n") > 1 and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert not wrong


def test_nothing_is_left_for_later() -> None:
    later = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
    wrong = [relative(path) for path in sources() if later.search(path.read_text())]
    assert not wrong


def imported_names(tree: ast.AST) -> Iterator[str]:
    """Every module that a file imports, wherever in it, by its whole name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module or ""


def test_no_pickle_anywhere() -> None:
    pickles = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
    wrong = [
        f"{relative(path)} imports {name}"
        for path in python_sources()
        for name in imported_names(ast.parse(path.read_text()))
        if name.split(".")[0] in pickles
    ]
    assert not wrong
    assert not [relative(path) for path in python_sources() if re.search(r"allow_pickle\s*=\s*Tr" r"ue", path.read_text())]


def test_no_thread_is_the_first_to_look_at_a_message() -> None:
    """msgspec may crash where two threads decode a type for the first time: `stillmine.wire.codec` makes decoders under a lock."""
    at_hand = r"msgspec\.(json|msgpack)\.decode\(|msgspec\.convert\("
    assert not [relative(path) for path in python_sources() if path.is_relative_to(ROOT / "src") and re.search(at_hand, path.read_text())]


@pytest.mark.parametrize("noun", NOUNS)
def test_nouns_read_no_clock_and_no_environment(noun: str) -> None:
    impure = {"time", "random", "secrets", "os", "socket", "subprocess"}
    wrong = []
    for path in (ROOT / "src/stillmine" / noun).rglob("*.py"):
        tree = ast.parse(path.read_text())
        wrong += [f"{relative(path)} imports {name}" for name in imported_names(tree) if name.split(".")[0] in impure]
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today"}:
                wrong.append(f"{relative(path)} reads a clock")
    assert not wrong


def test_no_room_without_a_name() -> None:
    forbidden = {"utils", "helpers", "common", "impl", "misc"}
    wrong = [relative(path) for path in sources() if forbidden & {part.split(".")[0] for part in path.relative_to(ROOT).parts}]
    assert not wrong


def test_nothing_of_this_machine_and_no_registry_is_committed() -> None:
    machine = re.compile(r"(^|[^A-Za-z0-9_.])/(work|root|home/[a-z]+)/[A-Za-z.]")
    registry = re.compile(r"(pypi\.|pythonhosted|npmjs|registry\.npm|deb\.debian)", re.I)
    own = relative(Path(__file__))
    wrong = [name for name, text in texts() if name != own and (machine.search(text) or registry.search(text))]
    assert not wrong


def test_locks_hold_no_download_address() -> None:
    for name in (
        "requirements.lock",
        "requirements-dev.lock",
        "requirements-compare.lock",
        "requirements-peers.lock",
        "portal/package-lock.json",
    ):
        text = (ROOT / name).read_text()
        assert '"resolved"' not in text
        assert not re.search(r"^[^#\n]*(https?|file)://\S+\.(whl|tgz|gz)", text, re.M), name
        assert "sha256:" in text or "sha512-" in text


def test_test_modules_have_names_of_their_own() -> None:
    """pytest knows a module by its file's name alone; two of one name stop a whole run, but not one of a folder."""
    names = [path.name for path in python_sources() if "tests" in path.relative_to(ROOT).parts and path.name != "conftest.py"]
    assert sorted(names) == sorted(set(names))


def test_what_tests_share_is_imported_by_its_whole_name() -> None:
    """By its short name a module would be loaded a second time, with classes and counters of its own."""
    shared = {path.stem for path in (ROOT / "tests").rglob("*.py") if path.name not in {"__init__.py", "conftest.py"}}
    wrong = [
        f"{relative(path)} imports {name}"
        for path in python_sources()
        for name in imported_names(ast.parse(path.read_text()))
        if name in shared
    ]
    assert not wrong


def test_a_lint_that_is_silenced_has_its_reason_on_the_line() -> None:
    silenced = re.compile(r"#\s*(ruff: )?no" r"qa\b(?!: [A-Z0-9, ]+ \(.+\))")
    wrong = [
        f"{relative(path)}:{number}"
        for path in python_sources()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if silenced.search(line)
    ]
    assert not wrong


def test_no_migration_imports_the_program() -> None:
    """A migration is kept for good; what it imports would have to stay as it is for as long."""
    migrations = [path for path in sources() if path.parent.name == "migrations"]
    assert migrations
    wrong = [relative(path) for path in migrations if re.search(r"^\s*(from|import) stillmine\b", path.read_text(), re.MULTILINE)]
    assert not wrong, "write what the migration needs into the migration itself"
