# SPDX-License-Identifier: Apache-2.0
"""`day.keys` in the home folder: the keys of the day, each sealed under a key-encryption key, and the lock of whoever changes them.

The file is rewritten whole: a new one is put in its place, and the old one is overwritten before it is let go. What it held is then
nowhere, so it must never be copied, and nothing here may write a key of the day anywhere else. Contract: spec/at-rest.md.
"""

import fcntl
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from stillmine.exchange.ground.durable import sync_folder
from stillmine.exchange.ground.secret import require_private
from stillmine.wire.errors import KeysMissingError, NotConfiguredError

DAY_KEYS_FILE = "day.keys"

_ASIDE, _BEFORE, _LOCK = ".new", ".old", ".lock"
_LINE = re.compile(r"([0-9a-f]{8}) ([0-9a-f]{8}) ((?:[0-9a-f]{2})+)")


class DayKeyLine(NamedTuple):
    """One key of the day as it is stored: sealed under the key-encryption key `wrapped_by`."""

    wrapped_by: str
    wrapped_key: bytes


class DayFile:
    """The file of one home; where it is a symbolic link, the file that it leads to, so that several machines can share one."""

    def __init__(self, home: Path) -> None:
        self.path = home / DAY_KEYS_FILE

    def state(self) -> object:
        """What stays the same while the file does; None if there is none."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return (found.st_ino, found.st_mtime_ns, found.st_size)

    def read(self) -> dict[str, DayKeyLine]:
        """Return the lines by their keys' ids; raises KeysMissingError where the file is gone, open to others or no such file."""
        for _ in range(3):  # what was replaced and overwritten while it was read is read again
            state = self.state()
            if state is None:
                raise KeysMissingError(
                    f"{self.path} is not there, and nothing that is stored opens without it. It is in no backup: put it back if it was "
                    "moved, else restore the newest backup into a new home and database (docs/operators.md, “Keys”). Nothing was changed"
                )
            try:
                require_private(self.path, 0o600)
            except NotConfiguredError as error:
                raise KeysMissingError(error.detail) from None
            lines = _parsed(self.path.read_bytes())
            if lines is not None and self.state() == state:
                return lines
        raise KeysMissingError(f"{self.path} is cut or no file of keys of the day. Nothing was changed")

    def write(self, lines: Mapping[str, DayKeyLine]) -> None:
        """Put these lines in the place of what is there, which is then overwritten; raises OSError and leaves the file as it was."""
        path, aside, before = self._path(), self._path(_ASIDE), self._path(_BEFORE)
        self.clear()
        text = "".join(f"{key_id} {line.wrapped_by} {line.wrapped_key.hex()}\n" for key_id, line in lines.items())
        try:
            with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            if path.exists():
                os.link(path, before)  # so that the old content can still be overwritten after a sudden end
            aside.replace(path)
            sync_folder(path.parent)
        finally:
            self.clear()

    def clear(self) -> None:
        """Overwrite and remove what a sudden end has left beside the file; nothing where the file itself is gone."""
        for left in (self._path(_ASIDE), self._path(_BEFORE)):
            if not left.exists() or not self.path.exists():
                continue
            if not left.samefile(self.path):  # it died before the new file was in its place
                _overwrite(left)
            left.unlink()
            sync_folder(left.parent)

    def put_aside(self, name: str) -> Path | None:
        """Rename a file that belongs to another database, so that it is not lost; returns its new name, None where there was none."""
        path = self._path()
        if not path.exists():
            return None
        kept = path.with_name(f"{path.name}.{name}")
        path.rename(kept)
        return kept

    @contextmanager
    def lock(self, *, waits: bool) -> Iterator[bool]:
        """Keep every other process from changing the file, or say False where one is at it and this does not wait."""
        descriptor = os.open(self._path(_LOCK), os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
            except BlockingIOError:
                yield False
                return
            yield True
        finally:
            os.close(descriptor)

    def _path(self, suffix: str = "") -> Path:
        path = self.path.resolve()
        return path.with_name(path.name + suffix)


def _parsed(content: bytes) -> dict[str, DayKeyLine] | None:
    lines: dict[str, DayKeyLine] = {}
    try:
        text = content.decode("ascii")
    except UnicodeDecodeError:
        return None
    for line in text.splitlines():
        found = _LINE.fullmatch(line)
        if found is None or found[1] in lines:
            return None
        lines[found[1]] = DayKeyLine(found[2], bytes.fromhex(found[3]))
    return lines or None


def _overwrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())
