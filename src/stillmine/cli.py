# SPDX-License-Identifier: Apache-2.0
"""The `stillmine` command: one door to every part that is installed.

Each part brings its own commands; this module only mounts them. A part whose extra is not installed says how to get it.
"""

import importlib.util
import sys

import typer

from stillmine.fingerprint.commands import compare_files, fingerprint_files
from stillmine.wire.errors import StillmineError

app = typer.Typer(
    name="stillmine",
    help="Stop copies of intimate pictures without anyone having to see them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("fingerprint")(fingerprint_files)
app.command("compare")(compare_files)

_HELP = {
    "exchange": "Run an exchange: keeps fingerprints, never pictures.",
    "partner": "Be a partner: screen uploads against an exchange.",
    "ledger": "Check an exchange's public log.",
    "demo": "Run the main job on a real photograph, narrated.",
}


def _mount(name: str, needed_modules: tuple[str, ...], extra: str, package: str | None = None) -> None:
    """Add a part's commands, or a command that says what to install; `package` holds them where it has another name."""
    if any(importlib.util.find_spec(module) is None for module in needed_modules):

        def missing() -> None:
            typer.echo(f"This part is not installed. Run: pip install 'stillmine[{extra}]'", err=True)
            raise typer.Exit(2)

        app.command(name, help=_HELP[name])(missing)
        return
    commands = importlib.import_module(f"stillmine.{package or name}.commands")
    app.add_typer(commands.app, name=name, help=_HELP[name])


_mount("exchange", ("django",), "exchange")
_mount("partner", ("httpx",), "partner")
_mount("ledger", ("cryptography", "httpx"), "auditor", package="auditor")
_mount("demo", ("httpx",), "exchange,partner")


def main() -> None:
    """Run the command; a refusal is one sentence on standard error and exit code 2, never a traceback."""
    try:
        app()
    except StillmineError as error:
        typer.echo(f"{error} [{error.code}]", err=True)
        sys.exit(2)
