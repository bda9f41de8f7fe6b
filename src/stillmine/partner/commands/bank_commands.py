# SPDX-License-Identifier: Apache-2.0
"""Commands for banks of the platform's own: add, list, remove. They work beside a running service.

Files are read by workers in a sandbox, as uploads are. Nothing of a bank is ever sent anywhere.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from stillmine.partner.commands.in_words import as_shown
from stillmine.partner.fingerprinting.fingerprinter import Fingerprinter
from stillmine.partner.fingerprinting.sandbox import keep_out_of_memory
from stillmine.partner.ground.home import prepare_home
from stillmine.partner.hma.own_banks import HMA_SOURCE
from stillmine.partner.service.app import REAL
from stillmine.partner.service.further_sources import SOURCES_FOLDER
from stillmine.partner.sources.bank_entries import Entry, entries_of_file, entry_of_value
from stillmine.partner.sources.bank_store import FILE_NAME, ID_BYTES, BankEntry, BankStore
from stillmine.partner.store import schema
from stillmine.wire.errors import NotConfiguredError, StillmineError
from stillmine.wire.kinds import value_text
from stillmine.wire.screen import RegionsChoice

DEFAULT_HOME = Path("~/.stillmine/partner")
MAXIMUM_NOTE_SIGNS = 200
EXIT_NOT_ADDED = 2

_NAME = re.compile("[a-z0-9-]{1,40}")

app = typer.Typer(no_args_is_help=True, help="Fingerprints of the platform's own, to be matched here; nothing of them leaves.")

Home = Annotated[
    Path, typer.Option(envvar="STILLMINE_PARTNER_HOME", help="Folder for store and service key; created with mode 0700.", show_default=True)
]
Name = Annotated[str, typer.Argument(help="Name of the bank, as in the file of sources.")]


class ShownEntry(msgspec.Struct, frozen=True):
    """One line of `bank list --json`."""

    id: str
    kind: str
    value: str
    note: str
    added_at: str


@app.command()
def add(
    name: Name,
    files: Annotated[list[Path] | None, typer.Argument(help="Pictures, videos, sounds.", metavar="[FILE…]")] = None,
    *,
    home: Home = DEFAULT_HOME,
    value: Annotated[list[str] | None, typer.Option(help="A fingerprint that is known, as KIND:VALUE; once for each.")] = None,
    note: Annotated[str, typer.Option(help="A word for people, kept with what is added.")] = "",
) -> None:
    """Add fingerprints of files, or values; the files themselves are not kept. Prints the ids of what is added.

    Exit codes: 0 all were added, 2 some could not be, which is said.
    """
    keep_out_of_memory()
    if len(note) > MAXIMUM_NOTE_SIGNS or not note.isprintable():
        raise NotConfiguredError(f"--note: at most {MAXIMUM_NOTE_SIGNS} characters on one line")
    _require_changed_here(name)
    entries = [entry_of_value(said) for said in value or []]
    if not entries and not files:
        raise NotConfiguredError("FILE or --value: nothing is given to add")
    failed = False
    with _opened(name, home, is_made=True) as bank:
        minute = int(REAL.clock().timestamp()) // 60
        _told(bank.add(entries, note, minute))
        for path, made in _entries_of(files or []):
            if isinstance(made, str):
                failed = True
                typer.echo(f"{as_shown(str(path))}: not added [{made}]", err=True)
            else:
                _told(bank.add(made, note, minute))
    if failed:
        raise typer.Exit(EXIT_NOT_ADDED)


@app.command("list")
def list_entries(
    name: Name, *, home: Home = DEFAULT_HOME, json: Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")] = False
) -> None:
    """List what is in a bank, oldest first."""
    with _opened(name, home) as bank:
        for entry in bank.entries():
            shown = _shown(entry)
            words = f"{shown.id} {shown.kind} {shown.added_at}" + (f" {as_shown(entry.note)}" if entry.note else "")
            typer.echo(msgspec.json.encode(shown).decode() if json else words)


@app.command()
def remove(
    name: Name, ids: Annotated[list[str], typer.Argument(help="Ids, as `bank list` shows them.", metavar="ID…")], home: Home = DEFAULT_HOME
) -> None:
    """Remove entries: they match nothing from the next upload on."""
    _require_changed_here(name)
    wanted = [_id(word) for word in ids]
    with _opened(name, home) as bank:
        count = bank.remove(wanted)
    typer.echo(f"{count} removed")
    if count < len(set(wanted)):
        raise NotConfiguredError(f"ID: {len(set(wanted)) - count} of them are not in this bank")


def _require_changed_here(name: str) -> None:
    if name == HMA_SOURCE:
        raise NotConfiguredError(f"NAME: {HMA_SOURCE} holds what HMA's clients put into their banks, and they take it out again")


@contextmanager
def _opened(name: str, home: Path, *, is_made: bool = False) -> Iterator[BankStore]:
    """Open the bank; one that is not there yet is refused, or made and said: a slip of the pen would match nothing, unnoticed."""
    if not _NAME.fullmatch(name):
        raise NotConfiguredError("NAME: 1 to 40 of a-z, 0-9 and -")
    folder = home.expanduser() / SOURCES_FOLDER / name
    if (folder / schema.FILE_NAME).exists():
        raise NotConfiguredError("NAME: this source is fetched from a server, and no bank")
    if not (folder / FILE_NAME).exists():
        there = sorted(file.parent.name for file in folder.parent.glob(f"*/{FILE_NAME}"))
        others = f"this home folder has {', '.join(there)}" if there else "this home folder has no other"
        if not is_made:
            raise NotConfiguredError(f"NAME: there is no bank {name}; {others}")
        typer.echo(f"Bank {name} is new ({others}). It is looked up once a source of the type bank in --config has this name.", err=True)
    prepare_home(home.expanduser())
    prepare_home(folder)
    with closing(BankStore(folder)) as bank:
        yield bank


def _entries_of(files: Sequence[Path]) -> Iterator[tuple[Path, list[Entry] | str]]:
    """Return what is made of each file, or the code of why nothing is."""
    if not files:
        return
    fingerprinter = Fingerprinter(1)
    try:
        fingerprinter.start()
        fingerprinter.check_sandbox()  # also waits until workers are ready
        for path in files:
            try:
                with path.open("rb") as file:
                    yield path, entries_of_file(fingerprinter.fingerprints(file, RegionsChoice.OFF))
            except OSError:
                yield path, "file_unreadable"
            except StillmineError as error:
                yield path, error.code
    finally:
        fingerprinter.close()


def _told(ids: Sequence[bytes]) -> None:
    for id in ids:
        typer.echo(id.hex())


def _shown(entry: BankEntry) -> ShownEntry:
    return ShownEntry(entry.id.hex(), entry.kind, value_text(entry.kind, entry.value), entry.note, f"{entry.added_at:%Y-%m-%dT%H:%MZ}")


def _id(word: str) -> bytes:
    try:
        id = bytes.fromhex(word)
    except ValueError:
        id = b""
    if len(id) != ID_BYTES:
        raise NotConfiguredError("ID: as `bank list` shows it")
    return id
