# SPDX-License-Identifier: Apache-2.0
"""`stillmine fingerprint` and `stillmine compare`: files on this machine, answers on standard output.

Nothing is sent anywhere. A bad file costs one line on standard error, not the files after it. Must never hold a file's content: the work is
done by `batch` and `explain`.
"""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from multiprocessing import cpu_count
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from stillmine.fingerprint import batch
from stillmine.fingerprint.batch import Outcome
from stillmine.fingerprint.explain import compare, describe, read_asked
from stillmine.fingerprint.file import FileFingerprints, fingerprint_file
from stillmine.fingerprint.gives import Finding, Subject
from stillmine.fingerprint.ground.errors import MediaError
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import KIND_RULES, MINIMUM_QUALITY, Kind
from stillmine.wire.regions import parse_regions

MINIMUM_FILES_FOR_PROCESSES = 8
"""Starting a worker takes as long as a few pictures."""

_OTHER_FILES = frozenset({"not_an_image", "image_format_unsupported", "empty_file"})
"""What a folder may hold besides media: counted, not complained about."""


def fingerprint_files(
    paths: Annotated[
        list[Path],
        typer.Argument(help="Pictures, videos, sounds; or folders of them.", metavar="FILE|FOLDER...", show_default=False),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per file and line; the count goes to standard error.")] = False,
    processes: Annotated[int, typer.Option(help="Worker processes; 0: as many as there are processor cores.", min=0)] = 0,
) -> None:
    """Print every fingerprint of each file. Nothing leaves this machine."""
    named = {path for path in paths if not path.is_dir()}
    files = list(dict.fromkeys(file for path in paths for file in _files_of(path)))
    count = processes or (cpu_count() if len(files) >= MINIMUM_FILES_FOR_PROCESSES else 1)
    made = failed = other = 0
    with _progress(len(files)) as outcomes:
        for outcome in outcomes(batch.fingerprint_files(files, count)):
            if outcome.made is not None:
                made += 1
                typer.echo(_as_json(outcome.path, outcome.made) if as_json else _as_text(outcome.path, outcome.made))
            elif outcome.path not in named and outcome.code in _OTHER_FILES:
                other += 1
            else:
                failed += 1
                _complain(outcome.path, outcome.sentence, outcome.code)
    if len(files) > 1 or failed:
        typer.echo(_count(made, failed, other), err=as_json)
    if failed or not made:
        raise typer.Exit(1)


def compare_files(
    first: Annotated[Path, typer.Argument(help="A file as it would be in a case.", metavar="A")],
    second: Annotated[
        Path, typer.Argument(help="The file to ask about; rotated, mirrored and trimmed versions are tried too.", metavar="B")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per kind and line.")] = False,
) -> None:
    """Say how far apart two files are, in every kind that both have, and whether they would match. Nothing leaves this machine."""
    stored = asked = None
    try:
        stored = fingerprint_file(first)
    except MediaError as error:
        _complain(first, str(error), error.code)
    try:
        asked = read_asked(second)
    except MediaError as error:
        _complain(second, str(error), error.code)
    if stored is None or asked is None:
        raise typer.Exit(1)
    for path, codes in ((first, stored.left_out), (second, asked.left_out)):
        if codes:
            typer.echo(f"{path}: left out: {', '.join(codes)}", err=True)
    found = list(compare(stored, asked))
    for comparison in found:
        typer.echo(msgspec.json.encode(comparison).decode() if as_json else "\n".join(describe(comparison)))
    if len(found) == 1 and not as_json:
        typer.echo("These two are of different kinds, or have too little detail: only identical files could be recognised.")


def _files_of(path: Path) -> Iterator[Path]:
    """A file itself, or all files below a folder, in order; links to folders are not followed."""
    if path.is_dir():
        yield from sorted(file for file in path.rglob("*") if file.is_file())
    else:
        yield path


Outcomes = Iterable[Outcome]


@contextmanager
def _progress(total: int) -> Iterator["_Track"]:
    """A bar on standard error while a person watches, and only then."""
    console = Console(stderr=True)
    columns = (TextColumn("fingerprinting"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    is_watched = console.is_terminal and total > 1
    with Progress(*columns, console=console, transient=True, disable=not is_watched, redirect_stdout=sys.stdout.isatty()) as progress:
        yield _Track(progress, total)


class _Track:
    """Counts outcomes as they pass."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=total)

    def __call__(self, outcomes: Outcomes) -> Iterator[Outcome]:
        for outcome in outcomes:
            yield outcome
            self._progress.advance(self._task)


def _complain(path: Path, sentence: str, code: str) -> None:
    typer.echo(f"{path}: {sentence} [{code}]", err=True)


def _count(made: int, failed: int, other: int) -> str:
    words = [f"{made} fingerprinted", f"{failed} could not be read" if failed else "", f"{other} other files left out" if other else ""]
    return f"{made + failed + other} files: {', '.join(word for word in words if word)}"


def _as_json(path: Path, made: FileFingerprints) -> str:
    described = {
        "file": str(path),
        "type": made.file_type,
        **_size(made),
        "fingerprints": [{"kind": one.kind, "value": one.value, "quality": one.quality} for one in made.fingerprints()],
        "is_mended": made.image is not None and made.image.is_mended,
        "left_out": made.left_out,
    }
    return msgspec.json.encode(described).decode()


def _size(made: FileFingerprints) -> dict[str, float]:
    size: dict[str, float] = {"bytes": made.digests.size_bytes}
    if made.image is not None:
        size |= {"width": made.image.width, "height": made.image.height}
    if made.video is not None:
        size |= {"width": made.video.width, "height": made.video.height, "seconds": round(made.video.duration_seconds, 3)}
    elif made.sound is not None:
        size["seconds"] = round(made.sound.duration_seconds, 3)
    return size


def _as_text(path: Path, made: FileFingerprints) -> str:
    lines = [str(path)]
    for one in made.fingerprints():
        warning = f"  too little detail to be matched (below {MINIMUM_QUALITY})" if one.quality < MINIMUM_QUALITY else ""
        quality = f"  quality {one.quality:3d}" if KIND_RULES[one.kind].is_seen else ""
        lines.append(f"  {one.kind:11}  {_shown(one, made)}{quality}{warning}")
    if made.found().get(Subject.REGIONS) is Finding.FEW:
        lines.append("  mostly text, flat or small: crops of it can't be recognised")
    if made.image is not None and made.image.is_mended:
        lines.append("  the file is damaged or its end is missing, and every pixel is there")
    if made.video is not None:
        cut = " (the file ends early or is damaged: this is what could be read)" if made.video.is_truncated else ""
        lines.append(f"  {made.video.width} x {made.video.height}, {made.video.duration_seconds:.1f} seconds{cut}")
        if not made.video.frames:
            lines.append("  too little detail in every second of it: only identical files can be recognised")
    lines.extend(f"  left out: {code}" for code in made.left_out)
    return "\n".join(lines)


def _shown(one: Fingerprint, made: FileFingerprints) -> str:
    """Long values are counted here; `--json` has them whole."""
    if one.kind is Kind.VPDQ and made.video is not None:
        return f"{len(made.video.frames)} frames"
    if one.kind is Kind.REGIONS:
        return f"{len(parse_regions(one.value).places)} regions"
    if one.kind is Kind.CHROMAPRINT and made.sound is not None:
        return f"{made.sound.duration_seconds:.1f} seconds of sound"
    return one.value
