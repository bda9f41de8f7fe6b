# SPDX-License-Identifier: Apache-2.0
"""`stillmine portal …`: what anybody types who wants to know whether a portal serves what was built. Sentences, and the exit code."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from stillmine.auditor.client import LogClient
from stillmine.auditor.errors import LogWrongError, PortalListMissingError
from stillmine.auditor.portal import Difference, Named, additional, differences, named_in_log
from stillmine.auditor.portal_client import PortalClient
from stillmine.ledger.checkpoint import read_verifier_key
from stillmine.wire.portal_list import (
    INDEX,
    MAXIMUM_LIST_BYTES,
    PORTAL_LIST_NAME,
    PortalListMalformedError,
    built_portal,
    list_hash,
    list_of_folder,
    read_portal_list,
)

app = typer.Typer(no_args_is_help=True, help="Check a portal that is served.")

MOST_SHOWN = 20


@app.callback()
def _group() -> None:
    """Keep `verify` a word of its own, though it is the only one."""


@app.command("verify")
def verify(  # noqa: PLR0917 (options, all named)
    address: Annotated[str, typer.Argument(help="The portal's address: https://…")],
    list_file: Annotated[Path | None, typer.Option("--list", help=f"A release's {PORTAL_LIST_NAME}, from a source that you trust.")] = None,
    checkout: Annotated[Path | None, typer.Option(help="A checkout whose portal you built.")] = None,
    is_installed: Annotated[bool, typer.Option("--installed", help="The portal that came with this program, which you installed.")] = False,
    key: Annotated[str | None, typer.Option(help="The ledger's key, from a source that you trust: name+id+key.")] = None,
    without_ledger: Annotated[bool, typer.Option(help="Compare the files alone.")] = False,
) -> None:
    """Compare every file that a portal serves with a list, and look for the list in the exchange's log; exit code 1 if anything differs."""
    portal = PortalClient(address)
    try:
        served = portal.fetch(f"/{PORTAL_LIST_NAME}", maximum_bytes=MAXIMUM_LIST_BYTES).body
        whole, source = _expected(list_file, checkout, served, is_installed=is_installed)
        expected = read_portal_list(whole)
        is_tty = sys.stderr.isatty()
        with typer.progressbar(expected, label=None if is_tty else "Fetching the files …", file=sys.stderr) as names:
            found = differences(portal, expected, names)
        found += additional(expected, _read(served))
    finally:
        portal.close()
    _say_files(found, len(expected), source)
    is_right = not found
    if served != whole:
        typer.echo(f"The {PORTAL_LIST_NAME} that it serves is {'another' if served else 'missing'}.", err=True)
        is_right = False
    if not without_ledger:
        is_right = _is_in_ledger(address, key, list_hash(whole)) and is_right
    if not is_right:
        raise typer.Exit(1)


def _expected(list_file: Path | None, checkout: Path | None, served: bytes | None, *, is_installed: bool) -> tuple[bytes, str]:
    """Return the list to compare with, and what it is in a sentence."""
    if (list_file is not None) + (checkout is not None) + is_installed > 1:
        raise typer.BadParameter("name one of a list, a checkout and --installed")
    if is_installed:
        own = built_portal()
        if own is None:
            raise PortalListMissingError("and no portal came with this program: install a release")
        return list_of_folder(own), "the portal that came with this program"
    if list_file is not None:
        return list_file.read_bytes(), str(list_file)
    if checkout is not None:
        folder = checkout / "portal/dist"
        if not (folder / INDEX).is_file():
            raise PortalListMissingError(f"{folder} is not built: run `make .build/portal` there")
        return list_of_folder(folder), f"the portal built in {checkout}"
    if served is None:
        raise PortalListMissingError("and this portal serves none")
    return served, "the list that it serves itself, which shows only that it agrees with itself"


def _read(served: bytes | None) -> dict[str, str]:
    try:
        return {} if served is None else read_portal_list(served)
    except PortalListMalformedError:
        return {}


def _say_files(found: list[Difference], count: int, source: str) -> None:
    if not found:
        typer.echo(f"All {count} files are served as listed. Compared with {source}.")
        return
    for one in found[:MOST_SHOWN]:
        typer.echo(f"{one.name}: {one.how}", err=True)
    if len(found) > MOST_SHOWN:
        typer.echo(f"… and {len(found) - MOST_SHOWN} more.", err=True)
    typer.echo(f"Differences: {len(found)}. Files listed: {count}. Compared with {source}.", err=True)


def _is_in_ledger(address: str, given: str | None, wanted: str) -> bool:
    log = LogClient(address)
    try:
        answer = log.portal()
        key = read_verifier_key(given if given is not None else log.key())
        named = named_in_log(answer, key, wanted)
    except LogWrongError as error:
        typer.echo(error.sentence, err=True)
        return False
    finally:
        log.close()
    if named is None:
        typer.echo("The exchange's log does not name this list.", err=True)
        return False
    typer.echo(_sentence(named), err=not named.is_newest)
    if given is None:
        typer.echo(f"The key was taken from the exchange itself. Compare it with a source you trust:\n{key.text()}")
    return named.is_newest


def _sentence(named: Named) -> str:
    where = (
        f"at place {named.place}"
        if named.publish_by is None
        else f"and has promised to publish that by {named.publish_by:%Y-%m-%d %H:%M} UTC"
    )
    later = "" if named.is_newest else " But it names another list after it."
    return f"The exchange's log names this list, on {named.day}, {where}.{later}"
