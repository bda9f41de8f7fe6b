# SPDX-License-Identifier: Apache-2.0
"""`stillmine exchange backup` and `stillmine exchange restore`."""

from pathlib import Path
from typing import Annotated

import typer

from stillmine.exchange.backup.files import KEYS_FILE
from stillmine.exchange.commands.command_line import Home, noted, prepare
from stillmine.exchange.transaction.context import Context
from stillmine.wire.errors import NotConfiguredError

Folder = Annotated[Path, typer.Argument(help="Folder of the backup.")]


def backup(
    folder: Folder,
    forget: Annotated[
        bool, typer.Option("--forget", help="Back up nothing: forget this folder, because no copy of its data keys is left anywhere.")
    ] = False,
    fewer_keys: Annotated[
        bool, typer.Option("--fewer-keys", help="That many cases really did end: replace the data keys with far fewer.")
    ] = False,
    home: Home = None,
) -> None:
    """Write the data into a new dated file, and the data keys into one file that is replaced each time; `serve` goes on.

    `serve` remembers the folder and replaces the data keys there once a day, so that they don't open what was erased since.
    """
    exchange = prepare(home)
    if forget:
        _forget(exchange, folder)
        return
    from stillmine.exchange.backup.dump import back_up
    from stillmine.exchange.backup.whole import FROM_THE_HOME

    done = back_up(exchange, folder, may_be_fewer=fewer_keys)
    typer.echo(f"{done.rows} row(s) in {done.data}\n{done.data_keys} data key(s) in {done.keys}")
    typer.echo("Keep no older copy of the file of data keys: it would bring back what people withdrew.")
    typer.echo(f"To restore, you also need {' and '.join(FROM_THE_HOME)} of the home folder, kept apart from these.")


def _forget(exchange: Context, folder: Path) -> None:
    from stillmine.exchange.backup.folders import forget_folder

    if (folder / KEYS_FILE).exists():
        raise NotConfiguredError(f"{folder / KEYS_FILE} is there, and opens what was erased since. Delete it first")
    with noted(exchange, "backup_folder_forgotten"):
        was_known = forget_folder(exchange, folder)
    typer.echo("Forgotten. Copies of its data keys elsewhere still open what was erased since." if was_known else "It was not known.")


def restore(
    folder: Folder,
    data: Annotated[Path | None, typer.Option(help="A data file other than the folder's newest.")] = None,
    home: Home = None,
) -> None:
    """Restore a backup into an empty database; what was withdrawn after the data were written stays withdrawn."""
    exchange = prepare(home)
    from stillmine.exchange.backup.load import restore as put_back

    done = put_back(exchange, folder, data)
    with noted(exchange, "backup_restored"):  # only now: a database that is restored into has no line of its own
        pass
    typer.echo(f"{done.rows} row(s) and {done.data_keys} data key(s) are back.")
    typer.echo(f"Withdrawn or ended since: {done.cases_closed} case(s), {done.fingerprints_withdrawn} fingerprint(s) of other cases.")
    if done.asked_anew:
        typer.echo(f"Pending withdrawals and ending delays whose 72 hours start again: {done.asked_anew}.")
    if done.is_log_behind:
        typer.echo(
            "The ledger was to be published since this backup was made. If it was, what was recorded since is missing from a log that was "
            "signed, and audits will say so: tell people when and why. Don't run the old exchange any more."
        )
    typer.echo("Run `stillmine exchange fsck`, then start `serve`; docs/operators.md says what partners need.")


def add_commands(app: typer.Typer) -> None:
    """Put both beside the other commands."""
    app.command()(backup)
    app.command()(restore)
