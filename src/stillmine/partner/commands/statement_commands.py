# SPDX-License-Identifier: Apache-2.0
"""Commands for what a platform owes others: statements of reasons and a month's numbers. They read the store, write files, send nothing."""

import csv
import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from stillmine.partner.commands.in_words import as_shown
from stillmine.partner.ground.home import prepare_home
from stillmine.partner.statements.given import read_facts, read_words
from stillmine.partner.statements.report import COLUMNS, report_lines
from stillmine.partner.statements.statement import STATEMENTS_PER_MESSAGE, Removal, removals
from stillmine.partner.store.records import records_matched_in, removed_records
from stillmine.partner.store.schema import FILE_NAME
from stillmine.wire.errors import NotConfiguredError

_SECONDS_A_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Files:
    """What is read, and where it is written; None of `out` is standard output, of the others: none."""

    words: Path
    uploads: Path | None
    out: Path | None
    puids: Path | None


def write_statements(home: Path, files: Files, since: datetime | None) -> bool:
    """Write the statements; return whether each upload has one, those that lack something being named on standard error."""
    words = read_words(_read(files.words, "--words"))
    facts = {} if files.uploads is None else read_facts(_read(files.uploads, "--uploads"))
    found = removals(removed_records(_home(home)), words, facts, None if since is None else since.date())
    stated = [removal for removal in found if not removal.lacks]
    for removal in found:
        if removal.lacks:
            typer.echo(f"no statement about {_named(removal)}: {'; '.join(removal.lacks)}", err=True)
    starts = range(0, len(stated), STATEMENTS_PER_MESSAGE)
    messages = [{"statements": [removal.fields for removal in stated[start : start + STATEMENTS_PER_MESSAGE]]} for start in starts]
    _write("".join(msgspec.json.encode(message).decode() + "\n" for message in messages), files.out)
    if files.puids is not None:
        rows = ((removal.puid, removal.content_id or "", removal.match_id) for removal in stated)
        _write(_as_csv(("puid", "content_id", "match_id"), rows), files.puids)
    return len(stated) == len(found)


def write_report(home: Path, month: datetime, now: datetime, out: Path | None) -> None:
    """Write a month's numbers; raises NotConfiguredError for a month that is not over."""
    first = month.replace(day=1, tzinfo=UTC)
    end = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    if end > now:
        raise NotConfiguredError("--month: this month is not over (UTC)")
    minutes = (int(moment.timestamp()) // _SECONDS_A_MINUTE for moment in (first, end))
    lines = report_lines(records_matched_in(_home(home), *minutes), f"{first:%Y-%m}")
    _write(_as_csv(COLUMNS, lines), out)


def _home(home: Path) -> Path:
    """Return the folder of a store that is there; raises NotConfiguredError: a mistyped folder must not look like nothing removed."""
    folder = home.expanduser()
    if not (folder / FILE_NAME).is_file():
        raise NotConfiguredError("--home: nothing was ever screened with this folder; name the service's folder")
    return prepare_home(folder)


def _named(removal: Removal) -> str:
    return f"match id {removal.match_id}" if removal.content_id is None else as_shown(removal.content_id)


def _read(path: Path, option: str) -> str:
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError:
        raise NotConfiguredError(f"{option}: not UTF-8") from None


def _as_csv(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    return text.getvalue()


def _write(text: str, path: Path | None) -> None:
    """Write standard output, or a file that is there whole or not at all and that its owner alone can read.

    Raises NotConfiguredError for what is no plain file: a device would be replaced by one.
    """
    if path is None:
        typer.echo(text, nl=False)
        return
    if path.exists() and not path.is_file():
        raise NotConfiguredError("--out, --puids: not a plain file")
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600), "w", encoding="utf-8", newline="") as file:
        file.write(text)
    new.replace(path)


WordsFile = Annotated[Path, typer.Option("--words", help="TOML with the platform's own words: ground, texts, facts, territory.")]
UploadsFile = Annotated[
    Path | None, typer.Option("--uploads", help="CSV with facts of single uploads: content_id, content_date, content_type, leave_out.")
]
Since = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only uploads that were removed on that day (UTC) or later.")]
Out = Annotated[Path | None, typer.Option("--out", help="File to write instead of standard output (0600).")]
PuidsFile = Annotated[Path | None, typer.Option("--puids", help="CSV to write that leads from a statement's puid to your upload (0600).")]
Month = Annotated[datetime, typer.Option(formats=["%Y-%m"], help="Month that is over (UTC): YYYY-MM.")]
