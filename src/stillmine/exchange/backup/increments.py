# SPDX-License-Identifier: Apache-2.0
"""Files of data, whole or increments: one that names a whole file, and holds only what is not in that.

Lines are taken together in short runs that end where their content says so; a run that is in the whole file, at whatever place, is
named by its bytes instead of written again. Contract: spec/backup.md.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Annotated, NamedTuple

import msgspec

from stillmine.exchange.backup.errors import BackupUnusableError
from stillmine.exchange.backup.files import DATA, VERSION, Head, Line, Part, between, data_file_name, decoded, read_part, read_whole

LARGE_BYTES = 16 * 1024 * 1024
"""A whole file that is smaller is written each time."""

WHOLE_EVERY = timedelta(days=7)

RUN_LINES = 32
"""The most lines of a run."""

_INCREMENT = f"{DATA} increment"
_ENDS_EVERY = 4
"""Lines of a run, in the mean."""

AGE = ".age"
"""Ends the name of an encrypted copy."""

_NAME = re.compile(r"data-(\d{8}T\d{6}Z)(\.increment)?\.jsonl(\.age)?", re.ASCII)


class IncrementHead(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first line: as that of a whole file, and which whole file it needs."""

    stillmine_backup: str
    version: int
    made_at: datetime
    migrations: list[str]
    base: str
    base_sha256: str


class Copied(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whole lines of the whole file: so many bytes from here on."""

    offset: Annotated[int, msgspec.Meta(ge=0)]
    size: Annotated[int, msgspec.Meta(gt=0)]


class Place(NamedTuple):
    offset: int
    size: int


class DataFile(NamedTuple):
    """A file of data by its name: nothing of it was read."""

    path: Path
    made_at: datetime
    is_increment: bool


_INCREMENT_HEAD, _COPIED = msgspec.json.Decoder(IncrementHead), msgspec.json.Decoder(Copied)
_COPIED_BEGINS = b'{"offset":'


@dataclass(frozen=True)
class Increment:
    """A file that was found whole, and the whole file that it names."""

    path: Path
    head: Head
    base: Part

    def lines(self) -> Iterator[Line]:
        """Return the rows; raises BackupUnusableError where it names what is not in the whole file."""
        with self.base.path.open("rb") as base:
            for content in between(self.path):
                try:
                    yield from map(decoded, self._meant(content, base))
                except msgspec.DecodeError:
                    raise BackupUnusableError(f"{self.path}: names what is not in {self.base.path}") from None

    def _meant(self, content: bytes, base: IO[bytes]) -> list[bytes]:
        if not content.startswith(_COPIED_BEGINS):
            return [content]
        copied = _COPIED.decode(content)
        base.seek(copied.offset)
        return base.read(copied.size).removesuffix(b"\n").split(b"\n")


def data_files(folder: Path, ending: str = "") -> list[DataFile]:
    """Return the files of data of a folder, oldest first by name; with `AGE` as `ending`, the encrypted copies of such."""
    found = []
    for path in folder.glob(f"data-*.jsonl{ending}"):
        if name := _NAME.fullmatch(path.name):
            made_at = datetime.strptime(name[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            found.append(DataFile(path, made_at, name[2] is not None))
    return sorted(found, key=lambda file: (file.made_at, file.path.name))


def newest_data_file(folder: Path) -> Path:
    """Return the newest file of data of a folder; raises BackupUnusableError."""
    found = data_files(folder)
    if not found:
        raise BackupUnusableError(f"no data-….jsonl in {folder}")
    return found[-1].path


def read_data(path: Path) -> Part | Increment:
    """Check a file of data, and the whole file that it needs, and return it; raises BackupUnusableError."""
    if not is_increment(path):
        return read_part(path, DATA)
    head, _ = read_whole(path, _INCREMENT_HEAD)
    if head.stillmine_backup != _INCREMENT or head.version != VERSION or Path(head.base).name != head.base:
        raise BackupUnusableError(f"{path}: not an increment of a backup of this version")
    base = path.with_name(head.base)
    if not base.exists():
        raise BackupUnusableError(f"{path} needs {head.base} beside it, which is not there")
    part = read_part(base, DATA)
    if part.sha256 != head.base_sha256:
        raise BackupUnusableError(f"{path} needs another {head.base} than the one beside it")
    return Increment(path, Head(DATA, head.version, head.made_at, head.migrations), part)


def is_increment(path: Path) -> bool:
    """Return whether a file of data is one by its name."""
    name = _NAME.fullmatch(path.name)
    return name is not None and name[2] is not None


def base_of(path: Path) -> str:
    """Return the name of the whole file that an increment needs; raises BackupUnusableError."""
    try:
        with path.open("rb") as file:
            return _INCREMENT_HEAD.decode(file.readline()).base
    except (OSError, msgspec.DecodeError):
        raise BackupUnusableError(f"{path}: cut, or no increment") from None


def base_for(folder: Path, now: datetime, migrations: list[str], large_bytes: int = LARGE_BYTES) -> Part | None:
    """Return the whole file on which the next increment stands, None where the next file is to be whole.

    It is to be whole where the newest whole one is small, damaged, older than a week or of other tables, or where the increments of it have
    grown to half of it.
    """
    files = data_files(folder)
    whole = [file for file in files if not file.is_increment]
    if not whole or not timedelta() <= now - whole[-1].made_at < WHOLE_EVERY:
        return None
    base = whole[-1]
    size = base.path.stat().st_size
    later = [file.path.stat().st_size for file in files if file.is_increment and file.made_at >= base.made_at]
    if size < large_bytes or any(2 * grown > size for grown in later):
        return None
    try:
        part = read_part(base.path, DATA)
    except BackupUnusableError:
        return None
    return part if part.head.migrations == migrations else None


def increment_name(made_at: datetime) -> str:
    """Return the name of an increment; it sorts among the whole files by time."""
    return data_file_name(made_at).replace(".jsonl", ".increment.jsonl")


def increment_head(head: Head, base: Part) -> IncrementHead:
    """Return the head of an increment of this whole file."""
    return IncrementHead(_INCREMENT, head.version, head.made_at, head.migrations, base.path.name, base.sha256)


def increment_lines(base: Part, lines: Iterable[bytes]) -> Iterator[bytes]:
    """Return what an increment holds for these `encoded` lines. Takes about 200 bytes of memory for each run of the whole file."""
    known: dict[bytes, Place] = {}
    offset = len(_first_line(base.path))
    for run in _runs(line.rstrip(b"\n") for line in between(base.path)):
        size = sum(len(line) + 1 for line in run)
        known.setdefault(_digest(run), Place(offset, size))
        offset += size
    waiting: Place | None = None
    for run in _runs(lines):
        place = known.get(_digest(run))
        if waiting is not None and (place is None or place.offset != waiting.offset + waiting.size):
            yield _copied(waiting)
            waiting = None
        if place is None:
            yield from run
        else:
            waiting = place if waiting is None else Place(waiting.offset, waiting.size + place.size)
    if waiting is not None:
        yield _copied(waiting)


def _runs(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    run: list[bytes] = []
    for line in lines:
        run.append(line)
        if len(run) == RUN_LINES or hashlib.blake2b(line, digest_size=1).digest()[0] % _ENDS_EVERY == 0:
            yield run
            run = []
    if run:
        yield run


def _digest(run: list[bytes]) -> bytes:
    return hashlib.blake2b(b"\n".join(run), digest_size=20).digest()


def _copied(place: Place) -> bytes:
    return msgspec.json.encode(Copied(place.offset, place.size))


def _first_line(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.readline()
