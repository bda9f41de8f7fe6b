# SPDX-License-Identifier: Apache-2.0
"""`stillmine exchange backup …` and `stillmine exchange restore`."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stillmine.exchange.backup.files import KEYS_FILE
from stillmine.exchange.commands.command_line import Commands, Home, noted, prepare
from stillmine.exchange.transaction.context import Context
from stillmine.wire.errors import NotConfiguredError

if TYPE_CHECKING:
    from stillmine.exchange.backup.offsite import Recipient

USUAL_COMMAND = "now"


class BackupCommands(Commands):
    """Commands of backups; what names none of them is a folder to back up into, so that `backup DIR` does."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the usual command before what names none."""
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = [USUAL_COMMAND, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=BackupCommands,
    help="Back up, look at what there is, and try whether it can be restored. `backup DIR` is `backup now DIR`.",
)

_FOLDER = "Folder of the backup (default: `backup.folder` of exchange.toml)."
Folder = Annotated[Path | None, typer.Argument(help=_FOLDER)]
IdentityFile = Annotated[
    Path | None, typer.Option("--identity", help="Identity of age, as `age-keygen` wrote it: the file of data is an encrypted copy.")
]


@app.command(USUAL_COMMAND)
def now(  # noqa: PLR0917 (options, all named)
    folder: Folder = None,
    forget: Annotated[
        bool, typer.Option("--forget", help="Back up nothing: forget this folder, because no copy of its data keys is left anywhere.")
    ] = False,
    fewer_keys: Annotated[
        bool, typer.Option("--fewer-keys", help="That many cases really did end: replace the data keys with far fewer.")
    ] = False,
    whole: Annotated[bool, typer.Option("--whole", help="Write all data, not only what is new since the last whole file.")] = False,
    no_versions: Annotated[
        bool, typer.Option("--no-versions", help="Nothing keeps versions of what is replaced in this folder, whatever it looks like.")
    ] = False,
    keep_days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="Remove files of data that are older (default: `backup.keep_days`, else never).")
    ] = None,
    copy_to: Annotated[
        Path | None, typer.Option(help="Folder for encrypted copies of the data, never of the data keys (default: `backup.copy_to`).")
    ] = None,
    recipient: Annotated[
        list[str] | None, typer.Option(help="Recipient of age for the copies, age1…; repeatable (default: `backup.recipients`).")
    ] = None,
    home: Home = None,
) -> None:
    """Write the data into a new dated file, and the data keys into one file that is replaced each time; `serve` goes on.

    `serve` remembers the folder and replaces the data keys there once a day, so that they don't open what was erased since.
    """
    exchange = prepare(home)
    where = _folder(exchange, folder)
    if forget:
        _forget(exchange, where)
        return
    from stillmine.exchange.backup.dump import back_up, back_up_keys
    from stillmine.exchange.backup.places import require_nothing_is_kept
    from stillmine.exchange.backup.whole import FROM_THE_HOME

    to = copy_to or exchange.backup.copy_to
    recipients = [] if to is None else _recipients(exchange, where, to, recipient)
    keys_to = exchange.backup.keys_to
    if not no_versions:
        for place in (where, keys_to):
            if place is not None:
                require_nothing_is_kept(place)
    done = back_up(exchange, where, may_be_fewer=fewer_keys, is_whole=whole)
    typer.echo(f"{done.rows} row(s) in {done.data}\n{done.data_keys} data key(s) in {done.keys}")
    if keys_to is not None:
        back_up_keys(exchange, keys_to, may_be_fewer=fewer_keys)
        typer.echo(f"The same data keys in {keys_to / KEYS_FILE}")
    keep = exchange.backup.keep if keep_days is None else timedelta(days=keep_days)
    if keep is not None:
        _remove_old(exchange, where, to, keep)
    if to is not None:
        _copy(where, to, recipients)
    typer.echo("Keep no older copy of the file of data keys: it would bring back what people withdrew.")
    typer.echo(f"To restore, you also need {' and '.join(FROM_THE_HOME)} of the home folder, kept apart from these.")


@app.command("list")
def list_(folder: Folder = None, home: Home = None) -> None:
    """List the files of data of a folder, newest first, and of when the data keys there are. Changes nothing."""
    exchange = prepare(home)
    where = _folder(exchange, folder)
    from stillmine.exchange.backup.files import KEYS, read_part
    from stillmine.exchange.backup.folders import last_test
    from stillmine.exchange.backup.increments import AGE, data_files

    to = exchange.backup.copy_to
    copies = set() if to is None else {copy.path.name for copy in data_files(to, AGE)}
    files = data_files(where)
    for file in reversed(files):
        kind = "increment" if file.is_increment else "whole"
        copied = "" if to is None else "  copied" if f"{file.path.name}{AGE}" in copies else "  NOT COPIED"
        typer.echo(f"{file.made_at:%Y-%m-%d %H:%M} UTC  {kind:9}  {file.path.stat().st_size / 1e6:8.1f} MB  {file.path.name}{copied}")
    if not files:
        typer.echo(f"No file of data is in {where}. Make one: stillmine exchange backup {where}")
        return
    keys = read_part(where / KEYS_FILE, KEYS)
    typer.echo(f"Data keys of {keys.head.made_at:%Y-%m-%d %H:%M} UTC")
    test = last_test()
    words = "not tried yet: stillmine exchange backup verify" if test is None else f"{test.at:%Y-%m-%d %H:%M} UTC"
    typer.echo(f"Last restored to try it: {words}{'' if test is None or test.is_passed else ', and it FAILED'}")


@app.command()
def verify(
    folder: Folder = None,
    data: Annotated[Path | None, typer.Option(help="A file of data other than the folder's newest, also an encrypted copy.")] = None,
    identity: IdentityFile = None,
    home: Home = None,
) -> None:
    """Restore a backup into a database of its own, check it as `fsck` does, and destroy it; `serve` goes on. Exit code 1 if it fails."""
    exchange = prepare(home)
    where = _folder(exchange, folder)
    from stillmine.exchange.backup.errors import BackupUnusableError
    from stillmine.exchange.backup.folders import note_test
    from stillmine.exchange.backup.increments import newest_data_file
    from stillmine.exchange.backup.scratch import scratch_home, try_restore

    try:
        with scratch_home(exchange) as scratch, _opened(data or newest_data_file(where), identity, scratch) as file:
            typer.echo(f"Trying {file.name}; this takes a while.")
            findings = try_restore(exchange, scratch, where, file)
    except BackupUnusableError as error:
        findings = [error.detail or error.sentence]
    note_test(exchange, where, is_passed=not findings)
    for finding in findings:
        typer.echo(finding, err=True)
    if findings:
        typer.echo("This backup can't be relied on. Back up again, with --whole, and try that.", err=True)
        raise typer.Exit(1)
    typer.echo("It was restored and everything in it is consistent.")


def restore(
    folder: Annotated[Path | None, typer.Argument(help="Folder of the backup.")] = None,
    data: Annotated[Path | None, typer.Option(help="A data file other than the folder's newest, also an encrypted copy.")] = None,
    identity: IdentityFile = None,
    is_guided: Annotated[bool, typer.Option("--guide", help="Ask for each step, also for what has to follow.")] = False,
    home: Home = None,
) -> None:
    """Restore a backup into an empty database; what was withdrawn after the data were written stays withdrawn."""
    if is_guided:
        from stillmine.exchange.commands.restore_guide import afterwards, guide

        exchange, chosen = guide(home, folder)
        _restore(exchange, *chosen)
        afterwards(exchange, chosen)
        return
    if folder is None:
        raise NotConfiguredError("name the folder of the backup: `stillmine exchange restore DIR`, or be asked for each step with --guide")
    exchange = prepare(home)
    from stillmine.exchange.backup.increments import newest_data_file

    _restore(exchange, folder, data or newest_data_file(folder), identity)
    typer.echo("Run `stillmine exchange fsck`, then start `serve`; docs/operators.md says what partners need.")


def _restore(exchange: Context, folder: Path, data: Path, identity: Path | None) -> None:
    from stillmine.exchange.backup.load import restore as put_back

    with _opened(data, identity, exchange.home) as file:
        done = put_back(exchange, folder, file)
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


def add_commands(to: typer.Typer) -> None:
    """Put them beside the other commands."""
    to.add_typer(app, name="backup")
    to.command()(restore)


def _folder(exchange: Context, said: Path | None) -> Path:
    where = said or exchange.backup.folder
    if where is None:
        raise NotConfiguredError("say where to: `stillmine exchange backup DIR`, or `folder` under [backup] in exchange.toml")
    return where


def _forget(exchange: Context, folder: Path) -> None:
    from stillmine.exchange.backup.folders import forget_folder

    if (folder / KEYS_FILE).exists():
        raise NotConfiguredError(f"{folder / KEYS_FILE} is there, and opens what was erased since. Delete it first")
    with noted(exchange, "backup_folder_forgotten"):
        was_known = forget_folder(exchange, folder)
    typer.echo("Forgotten. Copies of its data keys elsewhere still open what was erased since." if was_known else "It was not known.")


def _recipients(exchange: Context, folder: Path, to: Path, said: list[str] | None) -> "list[Recipient]":
    """Read whom copies are for, before anything is written."""
    from stillmine.exchange.backup.offsite import recipients_of

    if to.resolve() == folder.resolve():
        raise NotConfiguredError(f"{to} is the folder of the backup itself; a copy belongs somewhere else")
    return recipients_of(said or exchange.backup.recipients)


def _copy(folder: Path, to: Path, recipients: "list[Recipient]") -> None:
    from stillmine.exchange.backup.offsite import copy_data

    made = copy_data(folder, to, recipients)
    typer.echo(f"{len(made)} encrypted copy(s) in {to}")


def _remove_old(exchange: Context, folder: Path, copies: Path | None, keep: timedelta) -> None:
    from stillmine.exchange.backup.increments import AGE
    from stillmine.exchange.backup.retention import remove_old
    from stillmine.exchange.clock.actions import is_doubted

    if is_doubted():
        typer.echo("Nothing old was removed: the clock is not trusted right now. See docs/operators.md, “The clock”.")
        return
    try:
        gone = remove_old(folder, keep, exchange.clock())
        gone += [] if copies is None else remove_old(copies, keep, exchange.clock(), AGE)
    except OSError as error:
        raise NotConfiguredError(f"old files can't be removed: {error.strerror}. The backup itself is made") from None
    typer.echo(f"{len(gone)} old file(s) removed")


@contextmanager
def _opened(data: Path, identity: Path | None, scratch: Path) -> Iterator[Path]:
    """Give a file of data, decrypted where it is a copy."""
    from stillmine.exchange.backup.increments import AGE
    from stillmine.exchange.backup.offsite import decrypted, identities_of

    if not data.name.endswith(AGE):
        yield data
        return
    if identity is None:
        raise NotConfiguredError(f"{data.name} is encrypted: name the identity of age with --identity")
    with decrypted(data, identities_of(identity), scratch) as opened:
        yield opened
