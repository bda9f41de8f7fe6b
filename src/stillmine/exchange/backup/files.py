# SPDX-License-Identifier: Apache-2.0
"""The files of a backup: JSON lines with a head that says what they are and a foot that says that they are whole.

A file appears whole under its name or not at all. Nothing is read from a file before all of it was checked.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, TypeVar

import msgspec

from stillmine.exchange.backup.errors import BackupUnusableError
from stillmine.exchange.ground.durable import sync_folder
from stillmine.wire.errors import NotConfiguredError

Row = dict[str, object]
"""One row of a table as JSON."""

AnyHead = TypeVar("AnyHead")

VERSION = 1
DATA, KEYS = "data", "data keys"
KEYS_FILE = "data-keys.jsonl"

WITHDRAWN = "withdrawn"
"""Stands where a table's name stands, for the ids of fingerprints that are erased: an older file of data may hold them as active."""

EXPIRED = "expired"
"""Likewise, for the cases that expired and are kept, with the time of it: an older file of data may hold them as open."""


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first line."""

    stillmine_backup: str
    version: int
    made_at: datetime
    migrations: list[str]


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row of one table."""

    table: str
    row: Row


class Foot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last line: how many lines lie between, and SHA-256 of everything before this one."""

    lines: int
    sha256: str


_HEAD, _LINE, _FOOT = msgspec.json.Decoder(Head), msgspec.json.Decoder(Line), msgspec.json.Decoder(Foot)


@dataclass(frozen=True)
class Part:
    """A file that was found whole; `sha256` (hex) is what its foot says."""

    path: Path
    head: Head
    sha256: str

    def lines(self) -> Iterator[Line]:
        """Return the rows."""
        return map(decoded, between(self.path))


def encoded(line: Line) -> bytes:
    """Return a row as it stands in a file, without the end of the line."""
    return json.dumps(msgspec.structs.asdict(line), separators=(",", ":")).encode()


def decoded(content: bytes) -> Line:
    """Return a row of a file; raises msgspec.DecodeError."""
    return _LINE.decode(content)


def between(path: Path) -> Iterator[bytes]:
    """Return the lines of a file between its head and its foot."""
    with path.open("rb") as file:
        next(file)
        ahead = next(file)
        for following in file:
            yield ahead
            ahead = following


def data_file_name(made_at: datetime) -> str:
    """Return the name of a whole file of data; names sort by time."""
    return f"data-{made_at:%Y%m%dT%H%M%SZ}.jsonl"


def clear_left(folder: Path) -> None:
    """Remove what a sudden end has left of files half written: data keys in it would open what is erased later.

    Only while no other backup writes there: `DayKeys.unchanged`.
    """
    for left in folder.glob(".data-*.jsonl.*"):
        left.unlink(missing_ok=True)


def write_part(path: Path, head: msgspec.Struct, lines: Iterable[bytes], *, replace: bool) -> int:
    """Write a file of `encoded` lines for this user alone, and return how many; raises NotConfiguredError where it can't be written.

    Raises BackupUnusableError where a file that must stay is there.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            count = _write(file, head, lines)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            aside.replace(path)
        else:
            os.link(aside, path)
        sync_folder(path.parent)
    except FileExistsError:
        raise BackupUnusableError(f"{path} is there already") from None
    except OSError as error:
        raise NotConfiguredError(f"{path} can't be written: {error.strerror}. The last backup is as it was") from None
    finally:
        aside.unlink(missing_ok=True)
    return count


def read_part(path: Path, kind: str) -> Part:
    """Check a whole file and return it; raises BackupUnusableError."""
    head, sha256 = read_whole(path, _HEAD)
    if head.stillmine_backup != kind or head.version != VERSION:
        raise BackupUnusableError(f"{path}: not the {kind} of a backup of this version")
    return Part(path, head, sha256)


def read_whole(path: Path, head_decoder: "msgspec.json.Decoder[AnyHead]") -> tuple[AnyHead, str]:
    """Check a whole file, and return its head and its SHA-256 (hex); raises BackupUnusableError."""
    digest, before, count, head = hashlib.sha256(), b"", -1, None
    try:
        with path.open("rb") as file:
            for line in file:
                digest.update(before)
                head = head or head_decoder.decode(line)
                before, count = line, count + 1
        foot = _FOOT.decode(before)
    except OSError as error:
        raise BackupUnusableError(f"{path}: {error.strerror}") from None
    except msgspec.DecodeError:
        raise BackupUnusableError(f"{path}: cut, or no file of a backup") from None
    if head is None or foot.sha256 != digest.hexdigest() or foot.lines != count - 1:
        raise BackupUnusableError(f"{path}: cut, or changed since it was written")
    return head, foot.sha256


def _write(file: IO[bytes], head: msgspec.Struct, lines: Iterable[bytes]) -> int:
    digest, count = hashlib.sha256(), -1

    def put(content: bytes) -> None:
        digest.update(content + b"\n")
        file.write(content + b"\n")

    put(msgspec.json.encode(head))
    for count, line in enumerate(lines):  # noqa: B007 (the last number is the count)
        put(line)
    put(msgspec.json.encode(Foot(count + 1, digest.hexdigest())))
    return count + 1
