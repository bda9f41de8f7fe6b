# SPDX-License-Identifier: Apache-2.0
"""`stillmine exchange restore --guide`: every step of putting an exchange back, asked one after the other.

Nothing is changed before the last question; what follows the restore can't be forgotten, because it is asked too.
"""

import os
from pathlib import Path

import typer

from stillmine.exchange.backup.files import KEYS, KEYS_FILE, read_part
from stillmine.exchange.backup.increments import AGE, DataFile, data_files
from stillmine.exchange.backup.whole import FROM_THE_HOME
from stillmine.exchange.database.migrate import migrate, require_ready
from stillmine.exchange.keys.ring import KEYS_COMMAND_VARIABLE
from stillmine.exchange.keys.ring import KEYS_FILE as KEY_ENCRYPTION_FILE
from stillmine.exchange.settings.config import read_config
from stillmine.exchange.settings.file import keep_settings
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.web.app import configure
from stillmine.wire.errors import StillmineError

SHOWN = 10
"""So many files of data are shown, the newest."""

Chosen = tuple[Path, Path, Path | None]
"""The folder of the backup, the file of data, and the identity of age that opens it."""


def guide(home: Path | None, folder: Path | None) -> tuple[Context, Chosen]:
    """Ask for all that a restore needs, and prepare the new exchange; the restore itself is left to do. Raises what is in the way."""
    config = read_config(os.environ, home)
    typer.echo(
        "This puts an exchange back from a backup, into a new home and an empty database. You can stop at every question with Ctrl-C."
    )
    typer.echo(f"\n1. The home folder: {config.home}")
    config.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if config.keys_command is not None:
        typer.echo(f"   Keys come from {KEYS_COMMAND_VARIABLE}.")
    for name in FROM_THE_HOME:
        if name != KEY_ENCRYPTION_FILE or config.keys_command is None:
            _bring(config.home / name)
    exchange = configure(config)
    _require_nothing_there()
    typer.echo("\n2. The backup")
    chosen = _choose(_folder(folder))
    typer.echo("\n3. The clock")
    if not typer.confirm(f"   This machine says {exchange.clock():%A %Y-%m-%d %H:%M} UTC. Is that right?"):
        typer.echo("   Set the clock first: with a wrong one cases would end, or never end. Nothing was changed.")
        raise typer.Exit(1)
    typer.echo("\n4. Restore")
    if not typer.confirm(f"   Restore {chosen[1].name} into {config.home}? Nothing else is changed"):
        raise typer.Exit(1)
    migrate(exchange)
    keep_settings(config.home, config.database_url, {}, exchange.random_bytes)
    require_ready(exchange)
    return exchange, chosen


def afterwards(exchange: Context, chosen: Chosen) -> None:
    """Do what has to follow a restore: check, back up elsewhere, and delete what would open what people erase from now on."""
    from stillmine.exchange.backup.dump import back_up
    from stillmine.exchange.fsck.findings import findings

    typer.echo("\n5. Is everything consistent?")
    found = list(findings())
    typer.echo("\n".join(f"   {finding}" for finding in found) if found else "   Everything is consistent.")
    if found:
        typer.echo("   Don't start `serve`: keep the backup, and try an older file of data in another home.", err=True)
        raise typer.Exit(1)
    typer.echo("\n6. A first backup of the restored exchange, into another folder than the old one")
    old = chosen[0].resolve()
    while True:
        new = Path(typer.prompt("   Folder")).expanduser().resolve()
        if new != old:
            break
        typer.echo("   That is the old one: its files don't fit what is made from now on.")
    done = back_up(exchange, new)
    typer.echo(f"   {done.data}")
    typer.echo(f"\n7. {old / KEYS_FILE} opens what people erase from now on, while their receipts say that nothing does.")
    if typer.confirm("   Delete it now?", default=True):
        _destroy(old / KEYS_FILE)
        typer.echo("   Deleted. Delete every other copy of it too, and `day.keys` in the old home.")
    else:
        typer.echo("   Delete it yourself, every copy of it, and `day.keys` in the old home, before you start `serve`.")
    moment = _moment(chosen[1])
    typer.echo("\n8. What is left for you")
    typer.echo(f"   - Say on the portal's first page that the exchange was put back as it was on {moment}: whoever withdrew or added")
    typer.echo("     something after it should look at their case.")
    typer.echo("   - Start `serve` for partners first, wait two minutes, then open the portal.")
    typer.echo("   - Name the new folder in the job that backs up.")


def _require_nothing_there() -> None:
    """Raise DatabaseNotEmptyError before anything is asked in vain."""
    from django.db import connection

    from stillmine.exchange.backup.load import require_empty
    from stillmine.exchange.rows.cases import Case

    if Case._meta.db_table in connection.introspection.table_names():
        require_empty()


def _bring(path: Path) -> None:
    while not path.is_file():
        typer.echo(f"   Missing: {path}. Copy it there from where you keep it, for this user alone (chmod 600).")
        typer.prompt("   Press Enter when it is there", default="", show_default=False)
    path.chmod(0o600)
    typer.echo(f"   {path.name} is there.")


def _folder(said: Path | None) -> Path:
    while True:
        folder = said or Path(typer.prompt("   Folder of the backup")).expanduser()
        said = None
        try:
            keys = read_part(folder / KEYS_FILE, KEYS)
        except StillmineError as error:
            typer.echo(f"   {error.detail}")
            continue
        if data_files(folder) or data_files(folder, AGE):
            typer.echo(f"   Data keys of {keys.head.made_at:%Y-%m-%d %H:%M} UTC: what was withdrawn until then stays withdrawn.")
            return folder
        typer.echo(f"   No file of data (data-….jsonl) is in {folder}.")


def _choose(folder: Path) -> Chosen:
    plain = data_files(folder)
    files = list(reversed(plain or data_files(folder, AGE)))[:SHOWN]
    for number, file in enumerate(files, 1):
        typer.echo(f"   {number}  {_line(file)}")
    number = 0
    while not 1 <= number <= len(files):
        number = typer.prompt("   Which one", default=1, type=int)
    chosen = files[number - 1].path
    if plain:
        return folder, chosen, None
    while True:
        identity = Path(typer.prompt("   It is encrypted. File with the identity of age")).expanduser()
        if identity.is_file():
            return folder, chosen, identity
        typer.echo(f"   {identity} is no file.")


def _line(file: DataFile) -> str:
    kind = "what changed since a whole one" if file.is_increment else "whole"
    return f"{file.made_at:%Y-%m-%d %H:%M} UTC  {file.path.stat().st_size / 1e6:.1f} MB  {kind}"


def _moment(data: Path) -> str:
    found = next((file for file in [*data_files(data.parent), *data_files(data.parent, AGE)] if file.path == data), None)
    return "that day" if found is None else f"{found.made_at:%Y-%m-%d at %H:%M} UTC"


def _destroy(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
