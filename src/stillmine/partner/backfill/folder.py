# SPDX-License-Identifier: Apache-2.0
"""Every regular file below a folder. Must never wait for what is no file, such as a pipe."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from stillmine.fingerprint.ground.errors import FileUnreadableError
from stillmine.partner.backfill.item import Item, content_id_of
from stillmine.wire.errors import NotConfiguredError

NOT_TEXT = "\0"


class FolderSource:
    """The files below one folder."""

    def __init__(self, folder: Path) -> None:
        """Raises NotConfiguredError if it is none."""
        if not folder.is_dir():
            raise NotConfiguredError("SOURCE: no such folder; name a folder, s3://bucket/prefix, a manifest that ends in .jsonl, or -")
        self._folder = folder

    def items(self) -> Iterator[Item]:
        """Yield every file, folder by folder in the order of names; raises NotConfiguredError for a folder that can't be read."""
        for folder, folders, names in os.walk(self._folder, onerror=_refuse):
            folders.sort()
            for name in sorted(names):
                path = Path(folder, name)
                version = version_of(path)
                if version is not None:
                    name_below = str(path.relative_to(self._folder))
                    yield Item(_place_of(name_below), content_id_of(name_below), version)

    @contextmanager
    def open(self, item: Item, _folder: Path) -> Iterator[BinaryIO]:
        """Open a file; raises FileUnreadableError."""
        with opened_file(self._folder / _name_of(item.place)) as file:
            yield file


def _place_of(name: str) -> str:
    """Return a name that can be written as text; one that is not UTF-8 as its bytes in hex behind a NUL, which no name has."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return NOT_TEXT + os.fsencode(name).hex()
    return name


def _name_of(place: str) -> str:
    return os.fsdecode(bytes.fromhex(place.removeprefix(NOT_TEXT))) if place.startswith(NOT_TEXT) else place


def version_of(path: Path) -> str | None:
    """Return size and time of change of a regular file; None for what is none, and empty where nobody can tell."""
    try:
        found = path.stat()
    except OSError:
        return "" if not path.is_dir() else None
    return f"{found.st_size}-{found.st_mtime_ns}" if stat.S_ISREG(found.st_mode) else None


@contextmanager
def opened_file(path: Path) -> Iterator[BinaryIO]:
    """Open a regular file; raises FileUnreadableError for anything else."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError):
        raise FileUnreadableError from None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise FileUnreadableError
        yield file


def _refuse(error: OSError) -> None:
    raise NotConfiguredError(f"SOURCE: a folder in it can't be read ({error.strerror}); nothing was looked up")
