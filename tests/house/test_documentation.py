# SPDX-License-Identifier: Apache-2.0
"""What exists is documented: every dependency, error code, command and setting, by name."""

import json
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from stillmine import cli
from tests.house.command_tree import every_command, is_group

ROOT = Path(__file__).resolve().parents[2]


def document(name: str) -> str:
    return (ROOT / name).read_text()


def all_documents() -> str:
    return "\n".join(path.read_text() for path in [ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("spec/*.md")])


@dataclass(frozen=True)
class KnownError:
    """An error class, as `tests.house.error_classes` tells of it."""

    name: str
    code: str
    status: int
    sentence: str
    has_own_code: bool
    is_abstract: bool


@pytest.fixture(scope="module")
def known_errors() -> list[KnownError]:
    """Every error class of the whole program, whatever this run has imported."""
    told = subprocess.run([sys.executable, "-m", "tests.house.error_classes"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [KnownError(**json.loads(line)) for line in told.stdout.splitlines()]


def is_named(name: str, text: str) -> bool:
    """Whether the whole name stands there; that a longer one does, which begins with it, says nothing of it."""
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) is not None


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads(document("pyproject.toml"))["project"]
    wanted = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    for name in ("requirements-compare.in", "requirements-peers.in"):
        wanted += [line for line in document(name).splitlines() if not line.startswith("#")]
    names = {re.split(r"[<>=\[ ]", line)[0] for line in wanted}
    package = json.loads(document("portal/package.json"))
    names |= {*package.get("dependencies", {}), *package.get("devDependencies", {})}
    written = document("docs/dependencies.md")
    assert not sorted(name for name in names if f"`{name}`" not in written)


def test_base_install_stays_small() -> None:
    assert len(tomllib.loads(document("pyproject.toml"))["project"]["dependencies"]) <= 6


def test_every_class_of_an_error_in_the_sources_is_known(known_errors: list[KnownError]) -> None:
    """The walk over the modules is held by a count that is made another way: from the text."""
    roots = {"StillmineError"}
    written = {
        found[1]: found[2]
        for path in (ROOT / "src").rglob("*.py")
        for found in re.finditer(r"^class (\w+)\((\w+)(?:, \w+)*\):", path.read_text(), re.MULTILINE)
    }
    while more := {name for name, parent in written.items() if parent in roots} - roots:
        roots |= more
    assert {error.name.rpartition(".")[2] for error in known_errors} == roots
    assert len(roots) > 100


def test_every_error_code_is_documented_once_with_its_status(known_errors: list[KnownError]) -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\S+) \|", document("docs/errors.md"), re.MULTILINE)
    assert len(rows) == len({code for code, _ in rows})
    of_errors = {code: int(status) for code, status in rows if status != "–"}  # without a status: what a command finds, no refusal
    assert of_errors == {error.code: error.status for error in known_errors}


def test_every_code_that_a_platform_can_meet_is_in_its_guide() -> None:
    """By the column "where" of docs/errors.md, in which each code of the program stands once."""
    met = re.compile(r"\| `(\w+)` \| \S+ \| [^|]*(?:partner|screen|ask|feed|all)")
    codes = {found[1] for line in document("docs/errors.md").splitlines() if (found := met.match(line))}
    assert len(codes) > 60
    guide = document("docs/running-a-partner.md")
    of_the_fingerprint_command = {"decoder_died"}
    assert {code for code in codes if f"`{code}`" not in guide} == of_the_fingerprint_command


def test_error_codes_are_distinct_and_sentences_say_what_to_do(known_errors: list[KnownError]) -> None:
    codes = [error.code for error in known_errors if error.has_own_code]
    assert len(codes) == len(set(codes))
    for error in known_errors:
        assert error.sentence.endswith("."), error
        assert 400 <= error.status < 600, error
        assert not error.is_abstract, error


def test_every_command_is_documented_and_has_help() -> None:
    written = all_documents()
    commands = every_command(cli.program(None), "stillmine")
    found = [(path, command) for path, command in commands if not is_group(command) and not command.hidden]
    assert len(found) > 10
    assert not sorted(path for path, _ in found if not is_named(path, written))
    assert not sorted(path for path, command in found if not (command.help or "").strip())


def test_every_setting_is_documented() -> None:
    written = all_documents()
    settings: set[str] = set()
    for path in (ROOT / "src").rglob("*.py"):
        settings |= set(re.findall(r"STILLMINE_[A-Z_]+[A-Z]", path.read_text()))
    assert settings
    assert not sorted(setting for setting in settings if not is_named(setting, written))


@pytest.mark.parametrize("command", ["make demo", "make test"])
def test_readme_names_the_two_commands(command: str) -> None:
    assert command in document("README.md")


def heading_anchors(text: str) -> set[str]:
    """The names by which GitHub's rendering lets a link lead to a heading."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dead_links(folder: Path) -> list[str]:
    """Links between the documents of a folder that lead to no file, or to no heading of it."""
    dead = []
    for path in [*folder.glob("*.md"), *folder.glob("docs/**/*.md"), *folder.glob("spec/**/*.md")]:
        for target, anchor in re.findall(r"\]\((?!https?:|mailto:)([^)#]*)(?:#([^)]*))?\)", path.read_text()):
            found = path.parent / target if target else path
            is_there = found.exists() and (not anchor or found.suffix != ".md" or anchor in heading_anchors(found.read_text()))
            dead += [] if is_there else [f"{path.name}: {target}{anchor and '#'}{anchor}"]
    return dead


def test_links_between_documents_lead_somewhere() -> None:
    assert dead_links(ROOT) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/keys.md").write_text("# Keys and `seals`\n[up](../README.md) [here](#keys-and-seals)\n")
    (tmp_path / "README.md").write_text(
        "[a](docs/keys.md#keys-and-seals) [b](docs/none.md) [c](docs/keys.md#none) [d](https://example.org)\n"
    )
    assert dead_links(tmp_path) == ["README.md: docs/none.md", "README.md: docs/keys.md#none"]
