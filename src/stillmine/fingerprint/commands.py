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

from stillmine.fingerprint import batch, drawing
from stillmine.fingerprint.batch import Outcome
from stillmine.fingerprint.explain import Asked, compare, describe, find_regions_of, read_asked
from stillmine.fingerprint.file import FileFingerprints, fingerprint_file
from stillmine.fingerprint.gives import Finding, Subject
from stillmine.fingerprint.ground.errors import MediaError
from stillmine.matching.region_values import stored_regions
from stillmine.wire.errors import NotConfiguredError
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import KIND_RULES, MINIMUM_QUALITY, Kind

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
    with_regions: Annotated[
        bool,
        typer.Option(
            "--regions",
            help="Regions of pictures too: crops and pictures with words on them are recognised by them. They tell more of a picture: "
            "whoever has them can draw a rough grey likeness of it, in which a face may be recognised.",
        ),
    ] = False,
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
                typer.echo((_as_json if as_json else _as_text)(outcome.path, outcome.made, with_regions))
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
    out: Annotated[
        Path | None,
        typer.Option(
            "--draw",
            metavar="OUT.png",
            help="Draw both pictures side by side, with the places that agree. The drawing shows both pictures.",
        ),
    ] = None,
) -> None:
    """Say how far apart two files are, in every kind that both have, and whether they would match. Nothing leaves this machine.

    Pictures are compared as wholes (pdq) and by their regions, which find crops, screenshots and pictures with words on them.
    """
    if out is not None:
        drawing.require_new(out)
    stored, asked = _read_both(first, second)
    found = find_regions_of(stored, asked)
    if out is not None and found is None:
        raise NotConfiguredError("--draw: there is nothing to draw: these are no two pictures, or A has too few regions")
    comparisons = list(compare(stored, asked, found))
    for comparison in comparisons:
        typer.echo(msgspec.json.encode(comparison).decode() if as_json else "\n".join(describe(comparison)))
    if not as_json and _has_few_regions(stored) and asked.pictures:
        typer.echo("regions:  A has too few of them: it is mostly text, flat or small, and crops of it can't be recognised")
    if len(comparisons) == 1 and not as_json:
        typer.echo("These two are of different kinds, or have too little detail: only identical files could be recognised.")
    if out is not None and found is not None:
        drawing.write(drawing.draw(first, second, found), out)
        typer.echo(f"drawn:    {out}", err=as_json)


def _read_both(first: Path, second: Path) -> tuple[FileFingerprints, Asked]:
    """Read A as a case does and B as a partner does; each that can't be read is complained about, and then the command ends."""
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
    return stored, asked


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


def _has_few_regions(made: FileFingerprints) -> bool:
    return made.found().get(Subject.REGIONS) is Finding.FEW


def _shown_of(made: FileFingerprints, with_regions: bool) -> Iterator[Fingerprint]:
    return (one for one in made.fingerprints() if with_regions or one.kind is not Kind.REGIONS)


def _as_json(path: Path, made: FileFingerprints, with_regions: bool) -> str:
    described = {
        "file": str(path),
        "type": made.file_type,
        **_size(made),
        "fingerprints": [{"kind": one.kind, "value": one.value, "quality": one.quality} for one in _shown_of(made, with_regions)],
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


def _as_text(path: Path, made: FileFingerprints, with_regions: bool) -> str:
    lines = [str(path)]
    for one in _shown_of(made, with_regions):
        warning = f"  too little detail to be matched (below {MINIMUM_QUALITY})" if one.quality < MINIMUM_QUALITY else ""
        quality = f"  quality {one.quality:3d}" if KIND_RULES[one.kind].is_seen else ""
        lines.append(f"  {one.kind:11}  {_shown(one, made)}{quality}{warning}")
    if with_regions and _has_few_regions(made):
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
    if one.kind is Kind.REGIONS and made.regions is not None:
        return f"{len(stored_regions(made.regions))} regions"
    if one.kind is Kind.VPDQ and made.video is not None:
        return f"{len(made.video.frames)} frames"
    if one.kind is Kind.CHROMAPRINT and made.sound is not None:
        return f"{made.sound.duration_seconds:.1f} seconds of sound"
    return one.value
