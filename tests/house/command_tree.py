# SPDX-License-Identifier: Apache-2.0
"""All commands of a program, groups included, with what a test asks of one; `typer` keeps the classes behind them to itself."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import typer.main
from typer.core import TyperGroup


class Command(Protocol):
    """What can be read of a command."""

    @property
    def hidden(self) -> bool: ...

    @property
    def help(self) -> str | None: ...

    @property
    def params(self) -> Sequence[object]: ...


def every_command(program: typer.Typer, name: str) -> Iterator[tuple[str, Command]]:
    """Each command with the words that call it; `name` is those of the program."""
    return _below(typer.main.get_command(program), name)


def is_group(command: Command) -> bool:
    """Whether it only holds others."""
    return isinstance(command, TyperGroup)


def _below(command: Command, path: str) -> Iterator[tuple[str, Command]]:
    yield path, command
    if isinstance(command, TyperGroup):
        for name, child in command.commands.items():
            yield from _below(child, f"{path} {name}".strip())
