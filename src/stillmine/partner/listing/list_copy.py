# SPDX-License-Identifier: Apache-2.0
"""The list's copy beside the store: what the next start reads instead of a million rows one by one. Contract: spec/instances.md.

Used only where it is whole and has the store's mark. What is withdrawn must never stay in it: whoever changes the list removes it first,
and it is overwritten as deleted rows of the store are.
"""

import contextlib
import logging
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from stillmine.partner.ground.errors import StoreUnreadableError
from stillmine.partner.listing.list_stream import ReadList, written
from stillmine.partner.store.list_mark import ListRead, ListReader
from stillmine.wire.errors import StillmineError

FILE_NAME = "list.copy"
PART_BYTES = 1024 * 1024

log = logging.getLogger("stillmine.partner")


class ListCopy:
    """The copy of one home folder. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / FILE_NAME
        self._lock = threading.Lock()
        self._mark: bytes | None = None
        """Of the file, where that is known: guarded by the lock."""

    def load(self, mark: bytes) -> ReadList | None:
        """Return what it holds, None where there is none of this list; one that is damaged, cut or of another list is removed."""
        if not self._path.exists():
            return None
        try:
            with self._path.open("rb") as file:
                found = ReadList(iter(lambda: file.read(PART_BYTES), b""))
        except (StillmineError, OSError, ValueError) as error:
            log.warning("the list's copy can't be used (%s): the list is read from the store", type(error).__name__)
            found = None
        if found is None or found.mark != mark:
            self.remove()
            return None
        self._mark = mark
        return found

    def write(self) -> None:
        """Write the list as it is now, unless that is there already or it is empty; raises StoreUnreadableError."""
        with self._lock:
            opened = self._written(is_empty_too=False)
        if opened is not None:
            opened.close()

    def opened(self) -> Iterator[bytes]:
        """Yield the list as it is now, part by part, from a file that is written first where it has to be; raises StoreUnreadableError."""
        with self._lock:
            opened = self._written(is_empty_too=True)
        return iter(()) if opened is None else _parts_of(opened)

    def remove(self) -> None:
        """Overwrite and remove it."""
        with self._lock:
            self._overwrite()

    def remove_others(self, mark: bytes) -> None:
        """Overwrite and remove it unless it is known to be of the list with this mark: a process that died may have left another."""
        with self._lock:
            if self._mark != mark and self._path.exists():
                self._overwrite()

    def _written(self, *, is_empty_too: bool) -> BinaryIO | None:
        try:
            with contextlib.closing(ListReader(self._folder)) as reader:
                read = reader.read()
                if not read.active and not is_empty_too:
                    return None
                if self._mark != read.mark:
                    self._write(read)
            return self._path.open("rb")
        except OSError as error:
            self._overwrite()
            raise StoreUnreadableError(type(error).__name__) from None

    def _write(self, read: ListRead) -> None:
        self._overwrite()
        with os.fdopen(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            for part in written(read):
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        self._mark = read.mark

    def _overwrite(self) -> None:
        self._mark = None
        with contextlib.suppress(FileNotFoundError):
            with self._path.open("r+b") as file:
                left = os.fstat(file.fileno()).st_size
                while left > 0:
                    left -= file.write(bytes(min(left, PART_BYTES)))
                file.flush()
                os.fsync(file.fileno())
            self._path.unlink()


def _parts_of(opened: BinaryIO) -> Iterator[bytes]:
    with opened:
        while part := opened.read(PART_BYTES):
            yield part
