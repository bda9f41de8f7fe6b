# SPDX-License-Identifier: Apache-2.0
"""What a follower remembers of uploads until its leader has taken it: small sealed files, each destroyed as soon as it was handed over.

The key is the leader's and never on this disk; each file begins with random bytes that are part of its key and are overwritten before it is
removed, so that what a disk still holds of it can't be opened. Bounded in bytes and in time. Contract: spec/instances.md.
"""

import hmac
import logging
import os
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from stillmine.partner.older.block import Block, BlockWriter, Row
from stillmine.partner.older.keys import Seal
from stillmine.wire.case_key import Secret

FOLDER = "waiting"
MAXIMUM_BYTES = 512 * 1024 * 1024
"""That wait at once: more than a million pictures."""

MAXIMUM_SECONDS = 24 * 3600
"""For which anything waits: less than any day is kept."""

FILE_BYTES = 256 * 1024
"""After so many a file is full: it is handed over in one message."""

SETTLE_SECONDS = 3.0
"""From when nothing is added to a file until it is handed over: by then most of its uploads are answered and their matches recorded."""

_SUFFIX = ".sealed"
_HEAD = struct.Struct("<32s48sQ")
_FRAME = struct.Struct("<II")
_SALT_BYTES = 32
_KEY_LABEL = b"stillmine/waiting-uploads/v1"
_FILE_LABEL = b"stillmine/waiting-file/v1"

log = logging.getLogger("stillmine.partner")


class FullError(OSError):
    """As much waits as may."""


@dataclass(slots=True)
class _File:
    """One file: `closed_at` by a clock that counts seconds, None while anything is added to it."""

    path: Path
    began_second: int
    end: int
    uploads: int
    closed_at: float | None = None
    descriptor: int | None = None
    seal: Seal | None = None


class WaitingFile(NamedTuple):
    """A file that nothing is added to any more, as it is."""

    number: int
    content: bytes


class Opened(NamedTuple):
    """What was in a file: where in the list its first upload was looked up, its uploads, and how many blocks could not be opened."""

    position: str
    rows: list[Row]
    damaged: int


def waiting_key(key: Secret) -> Secret:
    """Return the key under which followers seal, made of that under which keys of days are sealed, which it does not show."""
    return Secret(hmac.digest(bytes(key), _KEY_LABEL, "sha256"))


class WaitingUploads:
    """What waits in one home folder. Safe to use from several threads."""

    def __init__(
        self,
        home: Path,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
        monotonic: Callable[[], float],
        *,
        maximum_bytes: int = MAXIMUM_BYTES,
        settle_seconds: float = SETTLE_SECONDS,
    ) -> None:
        """`clock` returns UTC, `monotonic` counts seconds; raises OSError."""
        self._folder = home / FOLDER
        self._clock = clock
        self._random_bytes = random_bytes
        self._monotonic = monotonic
        self._maximum_bytes = maximum_bytes
        self._settle_seconds = settle_seconds
        self._lock = threading.Lock()
        # Guarded by the lock.
        self._files: dict[int, _File] = {}
        self._unsynced: list[Path] = []
        self._next = 1
        self._bytes = 0
        self._find()

    @property
    def uploads(self) -> int:
        """How many uploads wait."""
        with self._lock:
            return sum(file.uploads for file in self._files.values())

    def append(self, row: Row, key: Secret, position: str) -> None:
        """Keep an upload, which is looked up in the list at this position or a later one; raises OSError, and then it is not kept."""
        writer = BlockWriter()
        writer.add(row)
        content = writer.content()
        with self._lock:
            file = self._open_file() or self._begin(key, position)
            if file.seal is None or file.descriptor is None:
                raise OSError("closed")
            sealed = file.seal.seal(content, _associated(file.end))
            framed = _FRAME.pack(len(sealed), 1) + sealed
            if self._bytes + len(framed) > self._maximum_bytes:
                raise FullError("as much waits as may")
            if os.pwrite(file.descriptor, framed, file.end) < len(framed):
                raise OSError("cut off")
            file.end += len(framed)
            file.uploads += 1
            self._bytes += len(framed)
            if file.end >= FILE_BYTES:
                self._close(file)

    def oldest(self, *, is_everything: bool = False) -> WaitingFile | None:
        """Return the oldest file that is to be handed over, None where none is; `is_everything`: also what came a moment ago."""
        with self._lock:
            file = self._open_file()
            if file is not None and (is_everything or len(self._files) == 1):
                self._close(file)  # while others wait it goes on being filled
            number = next(iter(self._files), None)
            if number is None:
                return None
            first = self._files[number]
            settled = (first.closed_at or 0.0) + self._settle_seconds
            if not is_everything and self._monotonic() < settled:
                return None
        try:
            return WaitingFile(number, first.path.read_bytes()[: first.end])
        except OSError:
            return WaitingFile(number, b"")

    def destroy(self, number: int) -> None:
        """Overwrite what opens a file, and remove it; raises OSError, and then it is still there."""
        with self._lock:
            file = self._files[number]
        _destroy(file.path)
        with self._lock:
            del self._files[number]
            self._bytes -= file.end

    def drop_old(self) -> int:
        """Destroy what has waited for too long; return how many uploads that were. Raises OSError."""
        before = int(self._clock().timestamp()) - MAXIMUM_SECONDS
        return self._drop(lambda file: file.began_second < before)

    def drop_all(self) -> int:
        """Destroy everything; return how many uploads that were. Raises OSError."""
        return self._drop(lambda _file: True)

    def sync(self) -> None:
        """Have what waits written to the disk."""
        with self._lock:
            file = self._open_file()
            paths, self._unsynced = [*self._unsynced, *([] if file is None else [file.path])], []
        for path in paths:
            with suppress(OSError):  # handed over meanwhile
                _sync(path)

    def close(self) -> None:
        """Keep nothing more."""
        with self._lock:
            file = self._open_file()
            if file is not None:
                self._close(file)
        self.sync()

    def _drop(self, is_dropped: Callable[[_File], bool]) -> int:
        with self._lock:
            dropped = {number: file for number, file in self._files.items() if is_dropped(file)}
            for file in dropped.values():
                self._close(file)
        for number in dropped:
            self.destroy(number)
        return sum(file.uploads for file in dropped.values())

    def _find(self) -> None:
        """Read what waits since before this start; what is no file of ours is left alone."""
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            if not path.stem.isdecimal():
                continue
            content = path.read_bytes()
            if len(content) < _HEAD.size or not any(content[:_SALT_BYTES]):
                _destroy(path)
                continue
            frames = list(_frames(content))
            end = frames[-1].end if frames else _HEAD.size
            began_second = _HEAD.unpack(content[: _HEAD.size])[2]
            number = int(path.stem)
            self._files[number] = _File(path, began_second, end, sum(frame.uploads for frame in frames), closed_at=-self._settle_seconds)
            self._next = number + 1
            self._bytes += end

    def _open_file(self) -> _File | None:
        last = next(reversed(self._files.values()), None)
        return last if last is not None and last.closed_at is None else None

    def _begin(self, key: Secret, position: str) -> _File:
        """Begin a file; raises OSError."""
        second = int(self._clock().timestamp())
        head = _HEAD.pack(self._random_bytes(_SALT_BYTES), position.encode("ascii"), second)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path = self._folder / f"{self._next:012}{_SUFFIX}"
        descriptor = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        if os.pwrite(descriptor, head, 0) < len(head):
            os.close(descriptor)
            raise OSError("cut off")
        file = _File(path, second, len(head), 0, None, descriptor, _seal(key, head, self._random_bytes))
        self._files[self._next] = file
        self._next += 1
        self._bytes += len(head)
        return file

    def _close(self, file: _File) -> None:
        if file.closed_at is not None:
            return
        file.closed_at = self._monotonic()
        if file.descriptor is not None:
            os.close(file.descriptor)
        file.descriptor = file.seal = None
        self._unsynced.append(file.path)


def opened(content: bytes, key: Secret) -> Opened | None:
    """Return what a follower handed over, None for what is none of its files."""
    if len(content) < _HEAD.size:
        return None
    head = content[: _HEAD.size]
    seal = _seal(key, head, os.urandom)
    rows: list[Row] = []
    damaged = 0
    for frame in _frames(content):
        block = _block(seal.opened(frame.sealed, _associated(frame.place)))
        rows += [] if block is None else list(block)
        damaged += block is None
    return Opened(_HEAD.unpack(head)[1].rstrip(b"\0").decode("ascii", "replace"), rows, damaged)


class _Frame(NamedTuple):
    place: int
    end: int
    uploads: int
    sealed: bytes


def _frames(content: bytes) -> Iterator[_Frame]:
    """Return what is whole; what was cut off at the end is no block."""
    place = _HEAD.size
    while place + _FRAME.size <= len(content):
        length, uploads = _FRAME.unpack_from(content, place)
        start, end = place + _FRAME.size, place + _FRAME.size + length
        if end > len(content):
            return
        yield _Frame(place, end, uploads, content[start:end])
        place = end


def _block(content: bytes | None) -> Block | None:
    try:
        return None if content is None else Block(content)
    except ValueError:  # whatever it was, no writer of ours made it
        return None


def _seal(key: Secret, head: bytes, random_bytes: Callable[[int], bytes]) -> Seal:
    return Seal(hmac.digest(bytes(key), _FILE_LABEL + head, "sha256"), random_bytes)


def _associated(place: int) -> bytes:
    return f"waiting|{place}".encode()


def _destroy(path: Path) -> None:
    with suppress(FileNotFoundError):
        with path.open("r+b") as file:
            file.write(bytes(_HEAD.size))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
