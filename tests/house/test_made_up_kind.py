# SPDX-License-Identifier: Apache-2.0
"""A made-up kind `test` reaches wire, exchange, matching, partner and portal by the files that docs/develop.md lists, and no others.

The kind is added to a copy of the repository. There everything has to work with it; and with one of the files left as it was, a check
has to fail and say where.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

CHANGES: dict[str, list[tuple[str, str]]] = {
    "src/stillmine/wire/kinds.py": [
        ('    MD5 = "md5"\n', '    MD5 = "md5"\n    TEST = "test"\n'),
        (
            "    Kind.MD5: _digest_rule(Kind.MD5, 6, MD5_BYTES),\n",
            "    Kind.MD5: _digest_rule(Kind.MD5, 6, MD5_BYTES),\n    Kind.TEST: _digest_rule(Kind.TEST, 7, 20),\n",
        ),
    ],
    "src/stillmine/matching/kinds.py": [
        ("        self.md5 = ExactSet()\n", "        self.md5 = ExactSet()\n        self.test = ExactSet()\n"),
        ("    Kind.MD5: lambda index: index.md5,\n", "    Kind.MD5: lambda index: index.md5,\n    Kind.TEST: lambda index: index.test,\n"),
    ],
    "src/stillmine/partner/screening/made.py": [("case Kind.SHA256 | Kind.MD5:", "case Kind.SHA256 | Kind.MD5 | Kind.TEST:")],
    "content/messages/en/case.json": [
        ('  "case.kind.regions":', '  "case.kind.test": "Identical file (test)",\n  "case.kind.regions":'),
    ],
    "content/messages/fi/case.json": [
        ('  "case.kind.regions":', '  "case.kind.test": "Sama tiedosto (test)",\n  "case.kind.regions":'),
    ],
    "spec/case.md": [("| `md5` |", "| `test` | whole file | 40 hex digits | exactly that |\n| `md5` |")],
    "spec/feed.md": [("6 `md5`", "6 `md5`, 7 `test`")],
    "spec/ask.md": [("6 `md5`", "6 `md5`, 7 `test`")],
    "spec/glossary.md": [("`md5`", "`md5`, `test`")],
}
"""What a person writes, by file."""

GENERATED = {
    "portal/src/wire/types.ts": "tools/wire_types.py",
    "spec/openapi.json": "tools/openapi.py",
    "spec/partner-openapi.json": "tools/openapi.py",
    "vectors/kinds.json": "vectors.generate",
}

CONTRACTS = [
    ["tests/wire/test_kind_rules.py", "tests/matching/test_kind_indexes.py"],
    ["tests/partner/test_partner_kind_contract.py"],
    ["tests/exchange/test_kind_contract.py"],
]


@pytest.fixture(scope="module")
def copy(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The repository with the made-up kind in it."""
    made = copy_of(root, tmp_path_factory.mktemp("kind") / "copy")
    for path in CHANGES:
        add_kind(made / path, path)
    for program in dict.fromkeys(GENERATED.values()):
        ended = run(made, program)
        assert ended.returncode == 0, ended.stdout
    yield made
    shutil.rmtree(made)


def copy_of(root: Path, copy: Path) -> Path:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=root, check=True, capture_output=True, text=True
    ).stdout.split("\0")
    for path in filter(None, listed):
        if (root / path).is_file():
            (copy / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / path, copy / path)
    installed = Path(
        subprocess.run(
            [sys.executable, "-c", "import stillmine.matching._kernel as kernel; print(kernel.__file__)"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
    ).parents[1]
    for built in installed.rglob("*.so"):
        shutil.copyfile(built, copy / "src/stillmine" / built.relative_to(installed))
    (copy / "build").symlink_to(root / "build")
    (copy / "portal/node_modules").mkdir()  # its own, because programs keep what they made beside the packages
    for package in (root / "portal/node_modules").iterdir():
        if package.name not in (".cache", ".vite", ".astro"):
            (copy / "portal/node_modules" / package.name).symlink_to(package)
    return copy


def add_kind(file: Path, path: str) -> None:
    text = file.read_text(encoding="utf-8")
    for before, after in CHANGES[path]:
        assert before in text, f"{path} no longer holds {before!r}: change CHANGES of this test"
        text = text.replace(before, after, 1)
    file.write_text(text, encoding="utf-8")


def run(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a Python module or program of the copy."""
    program = [sys.executable, str(copy / "tests/house/program_in_a_copy.py"), str(copy), *arguments]
    return subprocess.run(program, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def portal(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = [str(copy / "portal/node_modules/.bin" / arguments[0]), *arguments[1:]]
    path = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "ASTRO_TELEMETRY_DISABLED": "1"}
    return subprocess.run(program, cwd=copy / "portal", env=path, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_the_developers_page_lists_these_files_and_no_others(root: Path) -> None:
    page = (root / "docs/develop.md").read_text(encoding="utf-8")
    section = page.split("## To add a fingerprint kind\n", 1)[1].split("\n## ", 1)[0]
    assert sorted(re.findall(r"^- `([^`]+)`:", section, re.MULTILINE)) == sorted([*CHANGES, *GENERATED])


def test_everything_type_checks_with_the_kind(copy: Path) -> None:
    ended = run(copy, "mypy")
    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize("contract", CONTRACTS, ids=["wire and matching", "partner", "exchange"])
def test_the_kind_goes_from_a_case_to_an_answer(copy: Path, contract: list[str]) -> None:
    ended = run(copy, "pytest", "-vv", "-p", "no:cacheprovider", *contract)
    assert ended.returncode == 0, ended.stdout
    assert re.search(r"\[(.*-)?test[\]-]", ended.stdout), "no test here met the made-up kind"


def test_the_portal_knows_the_kind(copy: Path) -> None:
    for arguments in (("astro", "check", "--minimumSeverity", "hint"), ("vitest", "run")):
        ended = portal(copy, *arguments)
        assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize(
    ("path", "check", "says"),
    [
        (
            "src/stillmine/matching/kinds.py",
            ["pytest", "tests/matching/test_kind_indexes.py"],
            "KINDS has no index for test",
        ),
        ("src/stillmine/partner/screening/made.py", ["mypy", "src/stillmine/partner"], "screening/made.py"),
        ("spec/case.md", ["pytest", "tests/wire/test_kind_rules.py"], "spec/case.md: the table of kinds"),
        ("spec/feed.md", ["pytest", "tests/wire/test_kind_rules.py"], "spec/feed.md: the blocks of a snapshot"),
        ("spec/ask.md", ["pytest", "tests/wire/test_kind_rules.py"], "spec/ask.md: the binary form"),
        ("spec/glossary.md", ["pytest", "tests/wire/test_kind_rules.py"], "spec/glossary.md: kind"),
    ],
)
def test_a_file_that_is_forgotten_is_named(root: Path, copy: Path, path: str, check: list[str], says: str) -> None:
    shutil.copyfile(root / path, copy / path)
    try:
        ended = run(copy, *check)
    finally:
        add_kind(copy / path, path)
    assert ended.returncode != 0, "nothing failed"
    assert says in ended.stdout


@pytest.mark.parametrize(("path", "program"), GENERATED.items())
def test_a_generated_file_that_is_forgotten_is_named(root: Path, copy: Path, path: str, program: str) -> None:
    shutil.copyfile(root / path, copy / path)
    ended = run(copy, program, "--check")
    run(copy, program)
    assert ended.returncode != 0, "nothing failed"
    assert Path(path).name in ended.stdout


@pytest.mark.parametrize(
    ("path", "check"),
    [
        ("content/messages/en/case.json", ["astro", "check", "--minimumSeverity", "hint"]),
        ("content/messages/fi/case.json", ["vitest", "run", "tests/messages.test.ts"]),
    ],
)
def test_a_name_that_is_forgotten_fails_a_check_of_the_portal(root: Path, copy: Path, path: str, check: list[str]) -> None:
    shutil.copyfile(root / path, copy / path)
    try:
        ended = portal(copy, *check)
    finally:
        add_kind(copy / path, path)
    assert ended.returncode != 0, "nothing failed"
    assert "case.kind.test" in ended.stdout
