# SPDX-License-Identifier: Apache-2.0
"""What exists is documented: every dependency, error code, command and setting, by name."""

import inspect
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import typer.main

from stillmine import cli
from stillmine.wire import errors

ROOT = Path(__file__).resolve().parents[2]


def document(name: str) -> str:
    return (ROOT / name).read_text()


def all_documents() -> str:
    return "\n".join(path.read_text() for path in [ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("spec/*.md")])


def error_classes() -> list[type[errors.StillmineError]]:
    import stillmine.exchange.console.errors  # its errors, like the next ones, are children of the same root
    import stillmine.fingerprint
    import stillmine.wire.door_errors
    import stillmine.wire.partner_errors
    import stillmine.wire.storage_errors  # noqa: F401

    found: list[type[errors.StillmineError]] = [errors.StillmineError]
    for known in found:
        found += known.__subclasses__()
    return [known for known in found if known.__module__.startswith("stillmine.")]


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads(document("pyproject.toml"))["project"]
    wanted = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    wanted += [line for line in document("requirements-peers.in").splitlines() if not line.startswith("#")]
    names = {re.split(r"[<>=\[ ]", line)[0] for line in wanted}
    package = json.loads(document("portal/package.json"))
    names |= {*package.get("dependencies", {}), *package.get("devDependencies", {})}
    written = document("docs/dependencies.md")
    assert not sorted(name for name in names if f"`{name}`" not in written)


def test_base_install_stays_small() -> None:
    assert len(tomllib.loads(document("pyproject.toml"))["project"]["dependencies"]) <= 6


def test_every_error_code_is_documented_once_with_its_status() -> None:
    written = document("docs/errors.md")
    for error in error_classes():
        assert f"| `{error.code}` | {error.status} |" in written, error.code


def test_every_code_that_a_platform_can_meet_is_in_its_guide() -> None:
    """By the column "where" of docs/errors.md, in which each code of the program stands once."""
    met = re.compile(r"\| `(\w+)` \| \S+ \| [^|]*(?:partner|screen|ask|feed|all)")
    codes = {found[1] for line in document("docs/errors.md").splitlines() if (found := met.match(line))}
    assert len(codes) > 60
    guide = document("docs/running-a-partner.md")
    of_the_fingerprint_command = {"decoder_died"}
    assert {code for code in codes if f"`{code}`" not in guide} == of_the_fingerprint_command


def test_error_codes_are_distinct_and_sentences_say_what_to_do() -> None:
    codes = [error.code for error in error_classes() if "code" in vars(error)]
    assert len(codes) == len(set(codes))
    for error in error_classes():
        assert error.sentence.endswith("."), error
        assert 400 <= error.status < 600, error
        assert not inspect.isabstract(error)


def commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group) or hasattr(command, "commands"):
        for name, child in command.commands.items():
            yield from commands(child, f"{path} {name}")
    elif not command.hidden:
        yield path, command


def test_every_command_is_documented_and_has_help() -> None:
    written = all_documents()
    found = list(commands(typer.main.get_command(cli.program(None)), "stillmine"))
    assert len(found) > 10
    assert not sorted(path for path, _ in found if path not in written)
    assert not sorted(path for path, command in found if not (command.help or "").strip())


def test_every_setting_is_documented() -> None:
    written = all_documents()
    settings: set[str] = set()
    for path in (ROOT / "src").rglob("*.py"):
        settings |= set(re.findall(r"STILLMINE_[A-Z_]+[A-Z]", path.read_text()))
    assert settings
    assert not sorted(setting for setting in settings if setting not in written)


@pytest.mark.parametrize("command", ["make demo", "make test"])
def test_readme_names_the_two_commands(command: str) -> None:
    assert command in document("README.md")


def test_links_between_documents_lead_somewhere() -> None:
    wrong = []
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("spec/*.md")]:
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", path.read_text()):
            if not (path.parent / target).exists():
                wrong.append(f"{path.name}: {target}")
    assert not wrong
