# SPDX-License-Identifier: Apache-2.0
"""`stillmine exchange flag`: look at what is matched but found too often or doubted, and decide.

Prints no fingerprint and nothing of a case.
"""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from stillmine.exchange.commands.command_line import AsJson, Home, noted, prepare
from stillmine.wire.errors import StillmineError

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillmine.exchange.quarantine.queries import Flagged, Statements, Suspended

flag_app = typer.Typer(no_args_is_help=True, help="Fingerprints that an operator should look at; they are still matched.")

FingerprintId = Annotated[str, typer.Argument(metavar="ID", help="As `flag list` shows it.")]


@flag_app.command("list")
def flag_list(home: Home = None, as_json: AsJson = False) -> None:
    """List what needs a look, oldest first."""
    prepare(home)
    from stillmine.exchange.quarantine.queries import flagged

    rows = flagged()
    if as_json:
        typer.echo(json.dumps({"flagged": [_as_json(row) for row in rows]}))
        return
    for row in rows:
        typer.echo(_line(row))
    if not rows:
        typer.echo("Nothing is waiting for review.")


@flag_app.command("show")
def flag_show(fingerprint_id: FingerprintId, home: Home = None) -> None:
    """Show how often it was found where, and what partners decided."""
    prepare(home)
    from stillmine.exchange.quarantine.queries import flagged_with, statements_of

    found = flagged_with(fingerprint_id)
    typer.echo(_line(found))
    print_statements(statements_of(found.fingerprint_ids))


@flag_app.command("leave")
def flag_leave(fingerprint_id: FingerprintId, home: Home = None) -> None:
    """Nothing is wrong: take it off the list. It is matched as before, and not flagged again for 7 days."""
    exchange = prepare(home)
    from stillmine.exchange.quarantine.actions import leave_flagged
    from stillmine.exchange.quarantine.queries import flagged_with

    with noted(exchange, "flag_left", target_of("flag", flagged_with, fingerprint_id)):
        ids = leave_flagged(exchange, fingerprint_id)
    typer.echo(f"Left: {len(ids)} fingerprint(s) of this file are matched as before.")


@flag_app.command("suspend")
def flag_suspend(fingerprint_id: FingerprintId, home: Home = None) -> None:
    """Stop it from being matched; `quarantine restore` brings it back."""
    exchange = prepare(home)
    from stillmine.exchange.quarantine.actions import suspend_flagged
    from stillmine.exchange.quarantine.queries import flagged_with

    with noted(exchange, "flag_suspended", target_of("flag", flagged_with, fingerprint_id)):
        ids = suspend_flagged(exchange, fingerprint_id)
    typer.echo(f"Suspended: {len(ids)} fingerprint(s) of this file.")


def target_of(what: str, found: "Callable[[str], Flagged | Suspended]", fingerprint_id: str) -> str:
    """Return the number by which the log and the console name it, never its id; nothing if there is none to decide about."""
    try:
        return f"{what} {found(fingerprint_id).number}"
    except StillmineError:
        return ""


def print_statements(statements: "Statements") -> None:
    """Print what partners said of some fingerprints."""
    for day, partner, uploads, reports in statements.uploads:
        typer.echo(f"  {day}  {partner}: matched {reports} time(s), {uploads} upload(s) count")
    for partner, word in statements.decisions:
        typer.echo(f"  {partner} decided: {word}")


def _line(row: "Flagged") -> str:
    return f"{row.fingerprint_ids[0]}  {row.reason}  since {row.flagged_at:%Y-%m-%d %H:%M}  {', '.join(row.kinds)}"


def _as_json(row: "Flagged") -> dict[str, object]:
    return {"id": row.fingerprint_ids[0], "kinds": row.kinds, "reason": row.reason.value, "flagged_at": row.flagged_at.isoformat()}
