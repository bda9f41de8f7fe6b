# SPDX-License-Identifier: Apache-2.0
"""The `stillmine` command: one door to every part that is installed.

Each part brings its own commands; this module only finds them, and loads a part when it is named: to load all would take longer than
most commands do. A part whose extra is not installed says how to get it.
"""

import errno
import importlib
import importlib.util
import sys
from dataclasses import dataclass
from typing import Annotated, NoReturn

import typer

from stillmine.wire.errors import NotConfiguredError, StillmineError


@dataclass(frozen=True)
class Part:
    """Where a command stands, what has to be installed for it, and with which extra that comes."""

    module: str
    name: str
    help: str | None = None
    needs: tuple[str, ...] = ()
    extra: str = ""


PARTS = {
    "fingerprint": Part("stillmine.fingerprint.commands", "fingerprint_files"),
    "compare": Part("stillmine.fingerprint.commands", "compare_files"),
    "exchange": Part(
        "stillmine.exchange.commands.program", "app", "Run an exchange: keeps fingerprints, never pictures.", ("django",), "exchange"
    ),
    "partner": Part(
        "stillmine.partner.commands.service_commands",
        "app",
        "Be a partner: look uploads up at an exchange, or in its list.",
        ("cryptography", "httpx", "starlette"),
        "partner",
    ),
    "ledger": Part("stillmine.auditor.commands", "app", "Check an exchange's public log.", ("cryptography", "httpx"), "auditor"),
    "portal": Part("stillmine.auditor.portal_commands", "app", "Check a portal that is served.", ("cryptography", "httpx"), "auditor"),
    "demo": Part(
        "stillmine.demo.commands", "app", "Run the main job on a real photograph, narrated.", ("django", "starlette"), "exchange,partner"
    ),
}


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        from importlib import metadata, resources  # noqa: PLC0415 (every other command would wait for it)

        commit = resources.files("stillmine") / "COMMIT"  # a release has it; a checkout's commit is what git says
        made_of = f" (commit {commit.read_text().strip()})" if commit.is_file() else ""
        typer.echo(f"stillmine {metadata.version('stillmine')}{made_of}")
        raise typer.Exit


def program(named: str | None) -> typer.Typer:
    """Return the command with all its parts, or with the one that is named on the command line."""
    app = typer.Typer(
        name="stillmine",
        help="Stop copies of intimate pictures without anyone having to see them.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_callback)
    for name, part in PARTS.items():
        if named not in PARTS or name == named:
            _mount(app, name, part)
    return app


def _callback(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_print_version)] = False,
) -> None:
    pass


def _mount(app: typer.Typer, name: str, part: Part) -> None:
    """Add a part's commands, or a command that says what to install."""
    if any(importlib.util.find_spec(module) is None for module in part.needs):

        def missing() -> None:
            typer.echo(_how_to_install(part.extra), err=True)
            raise typer.Exit(2)

        # Whatever was typed behind it, also --help, is answered with what to install: not with "unexpected argument".
        takes_all = {"ignore_unknown_options": True, "allow_extra_args": True}
        app.command(name, help=part.help, add_help_option=False, context_settings=takes_all)(missing)
        return
    found = getattr(importlib.import_module(part.module), part.name)
    if isinstance(found, typer.Typer):
        app.add_typer(found, name=name, help=part.help)
    else:
        app.command(name)(found)


def _how_to_install(extra: str) -> str:
    return (
        f"This part is not installed. Install what you installed once more, with [{extra}] behind it: "
        f"pip install 'stillmine-….whl[{extra}]', or in a checkout pip install '.[{extra}]'"
    )


def main() -> None:
    """Run the command; a refusal is one sentence on standard error and exit code 2, never a traceback."""
    try:
        program(sys.argv[1] if len(sys.argv) > 1 else None)()
    except StillmineError as error:
        _refuse(error)
    except OSError as error:
        if error.filename is None and error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        _refuse(NotConfiguredError(f"{error.filename or 'the disk'}: {error.strerror}"))


def _refuse(error: StillmineError) -> NoReturn:
    typer.echo(f"{error} [{error.code}]", err=True)
    sys.exit(2)
