# SPDX-License-Identifier: Apache-2.0
"""`stillmine exchange bank | quarantine | under-attack`: what an operator does about intake.

Prints no fingerprint and nothing of a case.
"""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stillmine.exchange.commands.command_line import AsJson, Home, noted, prepare
from stillmine.exchange.commands.flags import print_statements, target_of
from stillmine.exchange.ground.names import kept_name

if TYPE_CHECKING:
    from stillmine.exchange.quarantine.bank_files import BankSource
    from stillmine.exchange.quarantine.queries import Suspended
    from stillmine.exchange.transaction.context import Context

bank_app = typer.Typer(
    no_args_is_help=True, help="Negative bank: well-known lawful pictures, videos and sounds that are never protected by mistake."
)
quarantine_app = typer.Typer(no_args_is_help=True, help="Fingerprints that are suspended until an operator decides.")
attack_app = typer.Typer(no_args_is_help=True, help="Proof of work for opening a case or adding to one during an attack.")

_NAMES_SHOWN = 10

FingerprintId = Annotated[str, typer.Argument(metavar="ID", help="As `quarantine list` shows it.")]
BankFile = Annotated[
    Path,
    typer.Argument(
        metavar="PATH", exists=True, help="A folder of pictures, videos and sounds, a single file, or a text file of PDQ hashes."
    ),
]


@bank_app.command("add")
def bank_add(path: BankFile, name: Annotated[str, typer.Option(help="Of this list, 1 to 60 characters.")], home: Home = None) -> None:
    """Add a list, all or nothing; it applies from the next request on, and is compared with what was accepted before."""
    exchange = prepare(home)
    from stillmine.exchange.quarantine.actions import add_bank
    from stillmine.exchange.quarantine.bank_files import read_bank

    source = read_bank(path)
    with noted(exchange, "bank_added", kept_name(name) or ""):
        bank = add_bank(exchange, name, source)
    fingerprints = len(source.values) + len(source.others)
    typer.echo(f"Added “{bank.name}”: {source.pictures} file(s) in {fingerprints} fingerprints.")
    _say_what_is_missing(source)
    _sweep(exchange)


@bank_app.command("sweep")
def bank_sweep(home: Home = None) -> None:
    """Compare the whole bank with what is active now, if `bank add` was interrupted. Exit code 1 if a value does not open."""
    _sweep(prepare(home))


@bank_app.command("list")
def bank_list(home: Home = None, as_json: AsJson = False) -> None:
    """List what is in the bank."""
    prepare(home)
    from stillmine.exchange.quarantine.queries import banks

    rows = [{"name": bank.name, "pictures": bank.pictures, "added": f"{bank.added_at:%Y-%m-%d}"} for bank in banks()]
    if as_json:
        typer.echo(json.dumps({"banks": rows}))
        return
    for row in rows:
        typer.echo(f"{row['name']}  {row['pictures']} file(s)  added {row['added']}")
    if not rows:
        typer.echo("The bank is empty. Add to it: stillmine exchange bank add PATH --name NAME")


@bank_app.command("remove")
def bank_remove(name: Annotated[str, typer.Argument(help="See `bank list`.")], home: Home = None) -> None:
    """Remove a list; what it suspended stays suspended until an operator decides."""
    exchange = prepare(home)
    from stillmine.exchange.quarantine.actions import remove_bank

    with noted(exchange, "bank_removed", _known_bank(name)):
        pictures = remove_bank(exchange, name)
    typer.echo(f"Removed, with {pictures} file(s).")


@bank_app.command("test")
def bank_test(path: BankFile, home: Home = None) -> None:
    """Say whether a file or a folder's files are in the bank, or near something there; stores nothing. Exit code 1 if none of them is."""
    exchange = prepare(home)
    from stillmine.exchange.gate.bank import find_in_bank
    from stillmine.exchange.quarantine.bank_files import read_bank

    source = read_bank(path)
    values = source.fingerprints()
    found = [banked for banked in find_in_bank(exchange, values) if banked]
    for name in sorted({banked.bank for banked in found}):
        of_list = [banked.distance_bits for banked in found if banked.bank == name]
        distances = [bits for bits in of_list if bits is not None]
        nearest = f", the nearest picture {min(distances)} bits away" if distances else ""
        typer.echo(f"{len(of_list)} of {len(values)} fingerprints are in “{name}”{nearest}.")
    if not found:
        typer.echo("None is in the bank.")
        raise typer.Exit(1)


@quarantine_app.command("list")
def quarantine_list(
    home: Home = None,
    is_all: Annotated[bool, typer.Option("--all", help="Also those that an operator decided to keep suspended.")] = False,
    as_json: AsJson = False,
) -> None:
    """List what needs a decision, oldest first."""
    prepare(home)
    from stillmine.exchange.quarantine.queries import suspended

    rows = suspended(is_all)
    if as_json:
        typer.echo(json.dumps({"suspended": [_as_json(row) for row in rows]}))
        return
    for row in rows:
        typer.echo(_line(row))
    if not rows:
        typer.echo("Nothing is waiting for review.")


@quarantine_app.command("show")
def quarantine_show(fingerprint_id: FingerprintId, home: Home = None) -> None:
    """Show why one is suspended, and what was decided before."""
    prepare(home)
    from stillmine.exchange.quarantine.queries import evidence

    found = evidence(fingerprint_id)
    typer.echo(_line(found.suspended))
    print_statements(found.statements)
    for reason, at, decision, decided_at in found.before:
        typer.echo(f"  before: {reason} on {at:%Y-%m-%d}, {decision} on {decided_at:%Y-%m-%d}")


@quarantine_app.command("restore")
def quarantine_restore(fingerprint_id: FingerprintId, home: Home = None) -> None:
    """Make it active again: partners get it and match it."""
    exchange = prepare(home)
    from stillmine.exchange.quarantine.actions import restore_suspended
    from stillmine.exchange.quarantine.queries import suspended_one

    with noted(exchange, "suspension_restored", target_of("suspension", suspended_one, fingerprint_id)):
        ids = restore_suspended(exchange, fingerprint_id)
    typer.echo(f"Restored: {len(ids)} fingerprint(s) of this file are active again.")


@quarantine_app.command("keep")
def quarantine_keep(fingerprint_id: FingerprintId, home: Home = None) -> None:
    """Leave it suspended and take it off the list; it can still be restored."""
    exchange = prepare(home)
    from stillmine.exchange.quarantine.actions import keep_suspended
    from stillmine.exchange.quarantine.queries import suspended_one

    with noted(exchange, "suspension_kept", target_of("suspension", suspended_one, fingerprint_id)):
        ids = keep_suspended(exchange, fingerprint_id)
    typer.echo(f"Kept: {len(ids)} fingerprint(s) of this file stay suspended.")


@attack_app.command("on")
def attack_on(home: Home = None) -> None:
    """Require proof of work from now until `off`."""
    _set_under_attack(home, True)


@attack_app.command("off")
def attack_off(home: Home = None) -> None:
    """Undo `on`; while too much is sent in, proof of work is still required automatically."""
    _set_under_attack(home, False)


@attack_app.command("status")
def attack_status(home: Home = None, as_json: AsJson = False) -> None:
    """Say whether proof of work is required, and why."""
    _show_status(home, as_json)


def _say_what_is_missing(source: "BankSource") -> None:
    if source.left_out:
        typer.echo(f"{source.left_out} picture(s) have too little detail: only identical files are in the bank.")
    for what, names in (("Skipped, not a picture, video or sound", source.skipped), ("Only in part", source.incomplete)):
        if names:
            more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
            typer.echo(f"{what}: {', '.join(names[:_NAMES_SHOWN])}{more}.")


def _sweep(exchange: "Context") -> None:
    from rich.console import Console
    from rich.progress import Progress

    from stillmine.exchange.quarantine.sweep import sweep

    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("What was accepted before")
        with noted(exchange, "bank_swept"):
            suspended, failed = sweep(exchange, lambda done, of: progress.update(task, completed=done, total=of))
    typer.echo(
        f"Suspended of what was accepted before: {suspended} fingerprint(s)."
        + (" See: stillmine exchange quarantine list" if suspended else "")
    )
    if failed:
        typer.echo(f"{failed} value(s) did not open and were not compared. See: stillmine exchange fsck", err=True)
        raise typer.Exit(1)


def _known_bank(name: str) -> str:
    """The list's name as it is kept, for the log; nothing of a name that no list has."""
    from stillmine.exchange.rows.intake import Bank

    return Bank.objects.filter(name_key=name.strip().casefold()).values_list("name", flat=True).first() or ""


def _set_under_attack(home: Path | None, is_under_attack: bool) -> None:
    exchange = prepare(home)
    from stillmine.exchange.quarantine.actions import set_under_attack

    with noted(exchange, "proof_of_work_on" if is_under_attack else "proof_of_work_off"):
        set_under_attack(exchange, is_under_attack)
    typer.echo("On: opening a case and adding to one need proof of work." if is_under_attack else "Off, unless too much is sent in.")


def _show_status(home: Path | None, as_json: bool) -> None:
    exchange = prepare(home)
    from stillmine.exchange.gate.work import is_declared, is_exceeded

    by_operator, by_itself = is_declared(), is_exceeded(exchange)
    if as_json:
        typer.echo(json.dumps({"by_operator": by_operator, "by_itself": by_itself}))
    elif by_operator:
        typer.echo("On: switched on by an operator.")
    else:
        typer.echo("On automatically: too many cases were opened, or fingerprints added, in ten minutes." if by_itself else "Off.")


def _line(row: "Suspended") -> str:
    decided = f"  {row.decision}" if row.decision else ""
    return f"{row.fingerprint_ids[0]}  {row.reason}  since {row.suspended_at:%Y-%m-%d %H:%M}  {', '.join(row.kinds)}{decided}"


def _as_json(row: "Suspended") -> dict[str, object]:
    return {
        "id": row.fingerprint_ids[0],
        "kinds": row.kinds,
        "reason": row.reason,
        "suspended_at": row.suspended_at.isoformat(),
        "decision": row.decision,
    }
